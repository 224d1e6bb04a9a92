/*
 * Drives the screen as a random program would and tells what must be seen, for
 * tests/tui/test_screen.py to compare with a real terminal emulator.
 *   draw SEED COLUMNS ROWS FRAMES
 * Per frame on stdout: "F <bytes>\n<bytes>" then "L <n>\n" and n expected rows of
 * the live region, "S <n>\n" and the lines committed in this frame.
 */
#include <stdio.h>
#include <stdlib.h>

#include "seal-cli/tui/screen.h"

static const char *const words[] = { "alpha", "日本", "b", "\xc3\xa9", "", "gamma delta", "\t", "→",
				     "a-rather-long-word-that-may-have-to-be-broken" };

static void fill(struct line *line)
{
	int n = rand() % 12;

	line->hang = (size_t)rand() % 6;
	for (int i = 0; i < n; i++) {
		struct style style = { .paint = (uint8_t)(rand() % PAINT_MAX), .attrs = (uint8_t)(rand() % 64) };

		line_adds(line, style, words[rand() % 9]);
		line_adds(line, (struct style){ 0 }, " ");
	}
}

static void tell(const struct line *line, size_t columns, size_t *rows, size_t max)
{
	size_t at = 0, start, end;

	do {
		end = line_wrap(line, columns, &at, &start);
		if ((*rows)++ >= max)
			return;
		printf("%*s", (int)line_indent(line, columns, start), "");
		for (size_t i = start; i < end; i++)
			printf("%.*s", line->cells[i].len, line->cells[i].bytes);
		putchar('\n');
	} while (at < line->n);
}

int main(int argc, char **argv)
{
	size_t columns = argc > 4 ? strtoul(argv[2], NULL, 10) : 80;
	size_t rows = argc > 4 ? strtoul(argv[3], NULL, 10) : 24;
	cleanup_with(screen_free) struct screen *screen = screen_new(columns, rows, THEME_DARK);
	struct line lines[8] = { 0 };

	srand(argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 1);
	for (long frame = argc > 4 ? strtol(argv[4], NULL, 10) : 10; frame > 0; frame--) {
		int n_live = 1 + rand() % 7, n_commit = rand() % 4 ? 0 : rand() % 6;
		struct line committed[6] = { 0 };
		size_t said = 0;

		for (int i = 0; i < n_commit; i++) {
			fill(&committed[i]);
			screen_commit(screen, &committed[i]);
		}
		screen_begin(screen);
		for (int i = 0; i < n_live; i++) {
			if (rand() % 3 == 0)
				line_fini(&lines[i]), fill(&lines[i]);
			(void)screen_row(screen, &lines[i]);
		}
		screen_cursor(screen, (size_t)rand() % screen_live(screen), (size_t)rand() % columns);
		screen_end(screen);
		printf("F %zu\n%.*sL\n", screen_out(screen)->len, STR_ARG(buf_str(screen_out(screen))));
		buf_clear(screen_out(screen));
		for (int i = 0; i < n_live; i++)
			tell(&lines[i], columns, &said, rows);
		printf("S\n");
		for (int i = 0; i < n_commit; i++) {
			said = 0;
			tell(&committed[i], columns, &said, (size_t)-1);
			line_fini(&committed[i]);
		}
		printf("E\n");
	}
	for (size_t i = 0; i < 8; i++)
		line_fini(&lines[i]);
	return 0;
}
