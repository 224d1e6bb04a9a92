#include "seal-cli/run/question.h"

static void read_part(yyjson_val *val, struct question_part *part)
{
	*part = (struct question_part){
	    .verb = json_str(val, "verb"),
	    .text = json_str(val, "text"),
	    .reason = json_str(val, "reason"),
	    .rule = json_str(val, "rule"),
	    .steps = yyjson_obj_get(val, "steps"),
	    .is_allowed = str_is(json_str(val, "verdict"), "allow"),
	    .only_once = json_bool(val, "onlyOnce", false),
	};
	part->n_steps = yyjson_arr_size(part->steps);
	part->step = part->n_steps ? part->n_steps - 1 : 0;
	for (size_t i = 0; i < part->n_steps; i++)
		if (json_bool(yyjson_arr_get(part->steps, i), "recommended", false))
			part->step = i;
}

void question_read(yyjson_val *params, struct question *ret_question)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(params, "_meta"), "seal");
	yyjson_val *part;
	size_t i, n;

	*ret_question = (struct question){
	    .root = json_str(seal, "root"),
	    .call = json_str(seal, "call"),
	    .subject = json_str(seal, "subject"),
	    .cwd = json_str(seal, "cwd"),
	    .diff = json_str(seal, "diff"),
	    .is_plain = json_bool(seal, "question", false),
	    .options = yyjson_obj_get(params, "options"),
	};
	if (!ret_question->subject.data)
		ret_question->subject = json_str(yyjson_obj_get(params, "toolCall"), "title");
	yyjson_arr_foreach(yyjson_obj_get(seal, "parts"), i, n, part)
	{
		struct question_part *into = &ret_question->parts[ret_question->n_parts];

		/* More than can be shown cannot be granted for long. */
		if (ret_question->n_parts == QUESTION_PARTS_MAX) {
			ret_question->only_once = true;
			break;
		}
		read_part(part, into);
		ret_question->only_once |= !into->is_allowed && into->only_once;
		ret_question->n_parts++;
	}
}

bool question_is_granted(const struct question *question)
{
	if (question->n_parts == 0)
		return false;
	for (size_t i = 0; i < question->n_parts; i++)
		if (!question->parts[i].is_allowed && question->parts[i].rule.len == 0)
			return false;
	return true;
}

struct str question_pattern(const struct question_part *part)
{
	if (part->n_steps == 0)
		return part->text;
	return json_str(yyjson_arr_get(part->steps, part->step), "pattern");
}

static const char *const options[] = {
    [CHOICE_DENY] = "reject_once",
    [CHOICE_ALLOW] = "allow_once",
    [CHOICE_ALLOW_ALWAYS] = "allow_always",
    [CHOICE_DENY_ALWAYS] = "reject_always",
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

const char *question_option(enum question_choice choice)
{
	return options[choice];
}

enum question_choice question_choice_of(struct str option)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (str_is(option, options[i]))
			return (enum question_choice)i;
	return CHOICE_DENY;
}

void question_answer(const struct question *question, enum question_choice choice,
		     struct buf *ret_json)
{
	struct json w = json_to(ret_json);

	json_object(&w);
	json_key(&w, "outcome");
	json_object(&w);
	json_kv(&w, "outcome", STR("selected"));
	json_kv(&w, "optionId", str_of(options[choice]));
	json_end(&w);
	json_key(&w, "_meta");
	json_object(&w);
	json_key(&w, "seal");
	json_object(&w);
	json_key(&w, "patterns");
	json_array(&w);
	for (size_t i = 0; i < question->n_parts; i++)
		if (!question->parts[i].is_allowed)
			json_put(&w, question_pattern(&question->parts[i]));
	json_end(&w);
	json_end(&w);
	json_end(&w);
	json_end(&w);
}
