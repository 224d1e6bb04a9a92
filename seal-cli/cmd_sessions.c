/* `seal sessions`: what is on the disk and what runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/clean.h"

#define USAGE                                                                                      \
	"seal: sessions: usage: seal sessions list [--all] [--json]\n"                             \
	"                       seal sessions close ID\n"                                          \
	"                       seal sessions rename ID NAME\n"                                    \
	"                       seal sessions show ID\n"                                           \
	"                       seal sessions export ID -o FILE | import FILE\n"                   \
	"                       seal sessions prune [--older-than DAYS] [--all] [--yes]\n"

#define PRUNE_DAYS 30

struct listing {
	struct rpc_client *client;
	bool json, all, yes;
	unsigned int days;
	const char *id, *name;
	/* Called for each session; < 0 ends the walk. */
	int (*each)(struct listing *listing, yyjson_val *session, struct err *err);
	char **ids; /* prune: what is to go */
	size_t n_ids;
};

static void put_session(yyjson_val *session)
{
	struct str updated = json_str(session, "updatedAt");
	struct str id = json_str(session, "sessionId");

	printf("%.*s  %.*s  ", STR_ARG(id), STR_ARG(updated));
	clean_put(stdout, json_str(session, "title"), true);
	(void)fputs("  ", stdout);
	clean_put(stdout, json_str(session, "cwd"), true);
	(void)putchar('\n');
}

static int show(struct listing *listing, yyjson_val *session, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	if (!listing->json) {
		put_session(session);
		return 0;
	}
	message_value(&text, session);
	puts(text.data ? text.data : "");
	return 0;
}

static void put_params(struct buf *params, const char *cwd, const char *cursor)
{
	struct json w = json_to(params);

	json_object(&w);
	if (cwd)
		json_kv(&w, "cwd", str_of(cwd));
	if (cursor)
		json_kv(&w, "cursor", str_of(cursor));
	json_end(&w);
}

static int walk_page(struct listing *listing, const char *cwd, char **cursor, struct err *err)
{
	cleanup_message struct message reply = { 0 };
	cleanup_buf struct buf params = BUF_INIT;
	yyjson_val *session;
	struct str next;
	size_t i, n;

	put_params(&params, cwd, *cursor);
	if (rpc_client_call(listing->client, "session/list", buf_str(&params), &reply, err) < 0)
		return err->code;
	yyjson_arr_foreach (yyjson_obj_get(reply.result, "sessions"), i, n, session) {
		if (listing->each(listing, session, err) < 0)
			return err->code;
	}
	next = json_str(reply.result, "nextCursor");
	free(*cursor);
	*cursor = next.len ? str_dup(next) : NULL;
	return 0;
}

static int walk(struct listing *listing, struct err *err)
{
	cleanup_free char *cwd = listing->all ? NULL : realpath(".", NULL);
	cleanup_free char *cursor = NULL;

	do {
		if (walk_page(listing, cwd, &cursor, err) < 0)
			return err->code;
	} while (cursor);
	return EXIT_DONE;
}

static int list(struct listing *listing, struct err *err)
{
	listing->each = show;
	return walk(listing, err);
}

static int call_with_id(struct listing *listing, const char *method, const char *id,
                        struct err *err)
{
	cleanup_message struct message reply = { 0 };
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(id));
	json_end(&w);
	return rpc_client_call(listing->client, method, buf_str(&params), &reply, err);
}

static int close_one(struct listing *listing, struct err *err)
{
	if (!listing->id)
		return err_set(err, ERR_INPUT, "sessions: close needs the id of a session");
	return call_with_id(listing, "session/close", listing->id, err);
}

static int rename_one(struct listing *listing, struct err *err)
{
	cleanup_message struct message reply = { 0 };
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	if (!listing->id || !listing->name)
		return err_set(err, ERR_INPUT, "sessions: rename needs the id of a session and its new name");
	json_object(&w);
	json_kv(&w, "sessionId", str_of(listing->id));
	json_kv(&w, "title", str_of(listing->name));
	json_end(&w);
	return rpc_client_call(listing->client, "_seal/rename", buf_str(&params), &reply, err);
}

/* Days since the session was last used; 0 when its time makes no sense. */
static int64_t age_of(yyjson_val *session)
{
	struct str updated = json_str(session, "updatedAt");
	struct tm parts = { 0 };

	if (!updated.data || !strptime(updated.data, "%Y-%m-%dT%H:%M:%SZ", &parts))
		return 0;
	return ((int64_t)time(NULL) - (int64_t)timegm(&parts)) / 86400;
}

static int keep_old(struct listing *listing, yyjson_val *session, struct err *err)
{
	char **ids;

	if (age_of(session) < listing->days)
		return 0;
	put_session(session);
	ids = realloc(listing->ids, (listing->n_ids + 1) * sizeof(char *));
	if (!ids)
		return err_nomem(err);
	listing->ids = ids;
	ids[listing->n_ids] = str_dup(json_str(session, "sessionId"));
	return ids[listing->n_ids++] ? 0 : err_nomem(err);
}

/* Logs are evidence: nothing removes one unasked. */
static bool is_wanted(const struct listing *listing)
{
	char answer[16];

	if (listing->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		(void)fputs("seal: sessions: nothing was removed; --yes removes without asking\n",
		            stderr);
		return false;
	}
	(void)fprintf(stderr, "remove these %zu sessions and their logs? [y/N] ", listing->n_ids);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* One that somebody takes part in stays. */
static int remove_all(struct listing *listing, struct err *err)
{
	size_t n_removed = 0;

	for (size_t i = 0; i < listing->n_ids; i++) {
		int r = call_with_id(listing, "session/delete", listing->ids[i], err);

		if (r == 0)
			n_removed++;
		else if (r == ERR_INPUT)
			(void)fprintf(stderr, "seal: %s: %s\n", listing->ids[i], err->text);
		else
			return r;
	}
	printf("removed %zu sessions\n", n_removed);
	return EXIT_DONE;
}

static int prune(struct listing *listing, struct err *err)
{
	listing->each = keep_old;
	if (walk(listing, err) < 0)
		return err->code;
	if (listing->n_ids == 0) {
		printf("no session here is older than %u days\n", listing->days);
		return EXIT_DONE;
	}
	if (!is_wanted(listing))
		return EXIT_FAILED;
	return remove_all(listing, err);
}

static bool read_days(const char *text, unsigned int *ret_days)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = text ? strtoul(text, &end, 10) : 0;
	if (!text || errno || *end || text[0] < '0' || text[0] > '9' || value > 100000)
		return false;
	*ret_days = (unsigned int)value;
	return true;
}

static bool read_flags(int argc, char **argv, struct listing *listing)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			listing->json = true;
		else if (strcmp(argv[i], "--all") == 0)
			listing->all = true;
		else if (strcmp(argv[i], "--yes") == 0)
			listing->yes = true;
		else if (strcmp(argv[i], "--older-than") == 0 &&
		         read_days(argv[i + 1], &listing->days))
			i++;
		else if (argv[i][0] != '-' && !listing->id)
			listing->id = argv[i];
		else if (argv[i][0] != '-' && !listing->name)
			listing->name = argv[i];
		else
			return false;
	}
	return true;
}

static void listing_finip(struct listing *listing)
{
	for (size_t i = 0; i < listing->n_ids; i++)
		free(listing->ids[i]);
	free(listing->ids);
	rpc_client_free(listing->client);
}

int cmd_sessions(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct listing *listing, struct err *err);
	} verbs[] = {
		{ "list", list },
		{ "close", close_one },
		{ "rename", rename_one },
		{ "prune", prune },
	};
	cleanup_with(listing_fini) struct listing listing = { .days = PRUNE_DAYS };
	struct err err;

	if (argc > 1 && (strcmp(argv[1], "export") == 0 || strcmp(argv[1], "import") == 0 ||
			 strcmp(argv[1], "show") == 0))
		return cmd_bundle(argc - 1, argv + 1);
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int r;

		if (strcmp(argv[1], verbs[i].name) != 0 || !read_flags(argc, argv, &listing))
			continue;
		if (rpc_client_open(&listing.client, &err) < 0 ||
		    rpc_client_initialize(listing.client, false, &err) < 0)
			return cmd_fail(&err);
		r = verbs[i].run(&listing, &err);
		return r < 0 ? cmd_fail(&err) : r;
	}
	(void)fputs(USAGE, stderr);
	return EXIT_INPUT;
}
