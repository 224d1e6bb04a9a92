/* The hostile guest's dice, and the strings that they make. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"

void random_begin(uint32_t seed, const char *home, const char *sink, const char *page);
uint32_t below(uint32_t n);
bool one_in(uint32_t n);

/* Valid until eight more were made. */
agent_string_t word_of(const char *const list[], uint32_t n);
#define WORD(list) word_of(list, sizeof(list) / sizeof((list)[0]))
agent_string_t any_text(void);

/* What was read is kept, and handed to the model at the next chance. */
void loot_add(agent_string_t got);
agent_string_t loot_take(void);
