#include <pthread.h>
#include <stdatomic.h>
#include <sys/sysmacros.h>

#include "fs/test_tree.h"

enum want { FOUND, OUTSIDE, ABSENT, REFUSED };

static const struct pin_row {
	const char *name, *path;
	enum fs_intent intent;
	enum want want;
	const char *leads_to; /* under the tree */
} pin_rows[] = {
	{ "a file of the project", "a.txt", FS_READ, FOUND, "p/a.txt" },
	{ "dots and doubled slashes are no other file", ".//sub/../a.txt", FS_READ, FOUND, "p/a.txt" },
	{ "a way up that stays inside", "sub/../sub/b.txt", FS_READ, FOUND, "p/sub/b.txt" },
	{ "a way up and out", "../out/secret", FS_READ, OUTSIDE, "out/secret" },
	{ "a way up into an additional folder", "../more/m.txt", FS_READ, FOUND, "more/m.txt" },
	{ "a link within the project", "link", FS_READ, FOUND, "p/a.txt" },
	{ "a link by absolute name within the project", "abslink", FS_READ, FOUND, "p/a.txt" },
	{ "a link into an additional folder", "morelink", FS_READ, FOUND, "more/m.txt" },
	{ "a link out", "outlink", FS_READ, OUTSIDE, "out/secret" },
	{ "a folder link out, then down", "outdir/secret", FS_READ, OUTSIDE, "out/secret" },
	{ "a link out and back in", "outdir/../p/a.txt", FS_READ, FOUND, "p/a.txt" },
	{ "a circle of links", "circle", FS_READ, REFUSED, NULL },
	{ "a link that leads nowhere cannot be written through", "dangling", FS_WRITE, REFUSED, NULL },
	{ "a link that leads nowhere can be deleted", "dangling", FS_DELETE, FOUND, "p/dangling" },
	{ "a deleted link is the link, not its target", "link", FS_DELETE, FOUND, "p/link" },
	{ "a magic link", "/proc/self/root/etc/hostname", FS_READ, REFUSED, NULL },
	{ "a magic link to a descriptor", "/proc/self/fd/0", FS_READ, REFUSED, NULL },
	{ "a link to a magic link", "procroot", FS_READ, REFUSED, NULL },
	{ "the empty name", "", FS_READ, REFUSED, NULL },
	{ "a missing file cannot be read", "none", FS_READ, REFUSED, NULL },
	{ "a missing file can be written", "none", FS_WRITE, ABSENT, "p/none" },
	{ "missing folders can be written into", "new/sub/none", FS_WRITE, ABSENT, "p/new/sub/none" },
	{ "missing folders and a way up", "new/../../none", FS_WRITE, REFUSED, NULL },
	{ "a missing file outside", "../out/none", FS_WRITE, OUTSIDE, "out/none" },
	{ "a new file through a folder link out", "outdir/none", FS_WRITE, OUTSIDE, "out/none" },
	{ "a file as a folder", "a.txt/x", FS_WRITE, REFUSED, NULL },
	{ "the folder itself cannot be deleted as ..", "sub/..", FS_DELETE, REFUSED, NULL },
	{ "the name of the root and more letters is not in the root", "../p-evil", FS_READ, OUTSIDE, "p-evil" },
};

static void plant(void)
{
	tree_file("p/a.txt", STR("a"));
	tree_folder("p/sub");
	tree_file("p/sub/b.txt", STR("b"));
	tree_file("more/m.txt", STR("m"));
	tree_file("out/secret", STR("secret"));
	tree_file("p-evil", STR("evil"));
	tree_link("a.txt", "p/link");
	tree_link(tree_path("p/a.txt"), "p/abslink");
	tree_link("../more/m.txt", "p/morelink");
	tree_link("../out/secret", "p/outlink");
	tree_link("../out", "p/outdir");
	tree_link("circle", "p/circle");
	tree_link("nowhere", "p/dangling");
	tree_link("/proc/self/root/etc", "p/procroot");
}

TEST(names)
{
	tree_begin();
	plant();
	TEST_ROWS(pin_rows, row) {
		struct fs_pin pin = FS_PIN_NONE;
		struct err err = { 0 };
		int r = fs_pin(roots, str_of(row->path), row->intent, &pin, &err);

		EXPECT_EQ(row, r < 0, row->want == REFUSED);
		if (r < 0) {
			EXPECT_TRUE(row, err.text[0]);
			EXPECT_EQ(row, pin.object, -1);
			continue;
		}
		EXPECT_STR(row, str_of(pin.path), tree_path(row->leads_to));
		EXPECT_EQ(row, pin.outside, row->want == OUTSIDE);
		if (row->want == ABSENT)
			EXPECT_EQ(row, pin.object, -1);
		if (row->want == FOUND)
			EXPECT_TRUE(row, pin.object >= 0 && pin.is_regular);
		fs_pin_fini(&pin);
	}
	tree_end();
}

TEST(absolute_names_are_taken_beneath_the_root_that_holds_them)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct err err;

	tree_begin();
	plant();
	MUST(fs_pin(roots, str_of(tree_path("p/link")), FS_READ, &pin, &err), &err);
	assert_false(pin.outside);
	assert_string_equal(pin.path, tree_path("p/a.txt"));
	fs_pin_fini(&pin);
	MUST(fs_pin(roots, str_of(tree_path("out/secret")), FS_READ, &pin, &err), &err);
	assert_true(pin.outside);
	fs_pin_fini(&pin);
	tree_end();
}

TEST(a_name_with_a_nul_is_no_name)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct err err;
	char longer[5000];

	tree_begin();
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(fs_pin(roots, STR("a\0b"), FS_READ, &pin, &err), ERR_INPUT);
	assert_int_equal(fs_pin(roots, (struct str){ longer, 256 }, FS_WRITE, &pin, &err), ERR_INPUT);
	assert_int_equal(fs_pin(roots, (struct str){ longer, 5000 }, FS_READ, &pin, &err), ERR_INPUT);
	tree_end();
}

TEST(what_was_pinned_is_what_is_read)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct fs_content content = { 0 };
	struct grant_file grant;
	struct err err;

	tree_begin();
	plant();
	MUST(fs_pin(roots, STR("a.txt"), FS_READ, &pin, &err), &err);
	grant = tree_grant(&pin);
	assert_int_equal(rename(tree_path("p/a.txt"), tree_path("p/moved")), 0);
	tree_link("../out/secret", "p/a.txt");
	MUST(fs_read(&grant, 0, 0, 1000, &content, &err), &err);
	assert_string_equal(content.text.data, "a");
	buf_fini(&content.text);
	fs_pin_fini(&pin);
	tree_end();
}

TEST(a_write_after_the_check_never_lands_elsewhere)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct fs_written written = { 0 };
	struct grant_file grant;
	struct err err;

	tree_begin();
	plant();
	/* The checked file is replaced by a link out. */
	MUST(fs_pin(roots, STR("a.txt"), FS_WRITE, &pin, &err), &err);
	grant = tree_grant(&pin);
	assert_int_equal(unlink(tree_path("p/a.txt")), 0);
	tree_link("../out/secret", "p/a.txt");
	assert_int_equal(fs_write(&grant, STR("x"), &written, &err), ERR_GONE);
	assert_true(tree_is("out/secret", STR("secret")));
	fs_pin_fini(&pin);
	/* The folder of the checked file is moved out of the project. */
	MUST(fs_pin(roots, STR("sub/b.txt"), FS_WRITE, &pin, &err), &err);
	grant = tree_grant(&pin);
	assert_int_equal(rename(tree_path("p/sub"), tree_path("out/sub")), 0);
	assert_int_equal(fs_write(&grant, STR("x"), &written, &err), ERR_GONE);
	assert_true(tree_is("out/sub/b.txt", STR("b")));
	fs_pin_fini(&pin);
	/* Something appears where nothing was. */
	MUST(fs_pin(roots, STR("fresh"), FS_WRITE, &pin, &err), &err);
	grant = tree_grant(&pin);
	tree_link("../out/secret", "p/fresh");
	assert_true(fs_write(&grant, STR("x"), &written, &err) < 0);
	assert_true(tree_is("out/secret", STR("secret")));
	fs_pin_fini(&pin);
	tree_end();
}

static atomic_bool racing;

/* Flips p/flip between a folder of the project and a link to outside. */
static void *rename_for_ever(void *arg)
{
	(void)arg;
	while (atomic_load(&racing)) {
		(void)renameat2(AT_FDCWD, tree_path("p/flip"), AT_FDCWD, tree_path("p/flop"),
				RENAME_EXCHANGE);
	}
	return NULL;
}

TEST(a_renaming_thread_gains_nothing)
{
	pthread_t thread;
	unsigned int inside = 0;

	tree_begin();
	plant();
	tree_folder("p/flip");
	tree_file("p/flip/secret", STR("mine"));
	tree_link("../out", "p/flop");
	atomic_store(&racing, true);
	assert_int_equal(pthread_create(&thread, NULL, rename_for_ever, NULL), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		struct fs_pin pin = FS_PIN_NONE;
		struct fs_content content = { 0 };
		struct grant_file grant;
		struct err err;

		if (fs_pin(roots, STR("flip/secret"), FS_READ, &pin, &err) < 0)
			continue;
		grant = tree_grant(&pin);
		if (!pin.outside && fs_read(&grant, 0, 0, 100, &content, &err) == 0) {
			/* Said to be inside: then it must be the file inside. */
			assert_string_equal(content.text.data, "mine");
			inside++;
		}
		buf_fini(&content.text);
		fs_pin_fini(&pin);
	}
	atomic_store(&racing, false);
	pthread_join(thread, NULL);
	assert_true(inside > 0);
	tree_end();
}

TEST(a_writer_in_a_race_never_reaches_outside)
{
	pthread_t thread;

	tree_begin();
	plant();
	tree_folder("p/flip");
	tree_file("p/flip/secret", STR("mine"));
	tree_link("../out", "p/flop");
	atomic_store(&racing, true);
	assert_int_equal(pthread_create(&thread, NULL, rename_for_ever, NULL), 0);
	for (unsigned int i = 0; i < 3000; i++) {
		struct fs_pin pin = FS_PIN_NONE;
		struct fs_written written = { 0 };
		struct grant_file grant;
		struct err err;

		if (fs_pin(roots, STR("flip/secret"), FS_WRITE, &pin, &err) < 0)
			continue;
		grant = tree_grant(&pin);
		if (!pin.outside)
			(void)fs_write(&grant, STR("mine"), &written, &err);
		buf_fini(&written.diff);
		fs_pin_fini(&pin);
	}
	atomic_store(&racing, false);
	pthread_join(thread, NULL);
	assert_true(tree_is("out/secret", STR("secret")));
	tree_end();
}

TEST(only_regular_files_are_read)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct fs_content content = { 0 };
	struct grant_file grant;
	struct err err;

	tree_begin();
	assert_int_equal(mkfifo(tree_path("p/fifo"), 0644), 0);
	MUST(fs_pin(roots, STR("fifo"), FS_READ, &pin, &err), &err);
	assert_false(pin.is_regular);
	grant = tree_grant(&pin);
	assert_int_equal(fs_read(&grant, 0, 0, 100, &content, &err), ERR_INPUT);
	fs_pin_fini(&pin);
	MUST(fs_pin(roots, STR("/dev/zero"), FS_READ, &pin, &err), &err);
	assert_true(pin.outside && !pin.is_regular);
	grant = tree_grant(&pin);
	assert_int_equal(fs_read(&grant, 0, 0, 100, &content, &err), ERR_INPUT);
	fs_pin_fini(&pin);
	tree_end();
}

TEST(a_hard_link_shows_its_links)
{
	struct fs_pin pin = FS_PIN_NONE;
	struct err err;

	tree_begin();
	plant();
	assert_int_equal(link(tree_path("out/secret"), tree_path("p/hard")), 0);
	MUST(fs_pin(roots, STR("hard"), FS_WRITE, &pin, &err), &err);
	assert_int_equal(pin.links, 2);
	fs_pin_fini(&pin);
	tree_end();
}

TEST_MAIN(RUN(names), RUN(absolute_names_are_taken_beneath_the_root_that_holds_them),
	  RUN(a_name_with_a_nul_is_no_name), RUN(what_was_pinned_is_what_is_read),
	  RUN(a_write_after_the_check_never_lands_elsewhere), RUN(a_renaming_thread_gains_nothing),
	  RUN(a_writer_in_a_race_never_reaches_outside), RUN(only_regular_files_are_read),
	  RUN(a_hard_link_shows_its_links))
