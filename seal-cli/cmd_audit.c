/* seal audit show|verify, seal replay: the log of a session. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/audit/redact.h"
#include "seal-cli/audit_show.h"
#include "seal-cli/cmd.h"
#include "seal-runtime/audit/read.h"
#include "seal-runtime/crypto/key.h"

#define KEY_LINE_MAX 8192

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

struct found {
	char *name;
	struct timespec time;
	unsigned int n;
};

static bool is_newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* The session's folder name by prefix; the one written last for "latest". */
static void look(DIR *dir, const char *wanted, struct found *found)
{
	bool latest = strcmp(wanted, "latest") == 0;
	struct dirent *entry;
	struct stat st;

	while ((entry = readdir(dir))) {
		char log[300];

		if (entry->d_name[0] == '.' ||
		    (!latest && strncmp(entry->d_name, wanted, strlen(wanted)) != 0))
			continue;
		(void)snprintf(log, sizeof(log), "%s/events.jsonl", entry->d_name);
		if (fstatat(dirfd(dir), log, &st, 0) < 0)
			continue;
		if (!latest || found->n == 0)
			found->n++;
		if (found->name && !is_newer(&st.st_mtim, &found->time))
			continue;
		free(found->name);
		found->name = str_dup(str_of(entry->d_name));
		found->time = st.st_mtim;
	}
}

static int find_by_id(const char *wanted, char **ret_dir, struct err *err)
{
	cleanup_free char *state = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	struct found found = { 0 };

	if (dirs_get(DIRS_STATE, &state, err) < 0)
		return err->code;
	buf_addf(&path, "%s/sessions", state);
	{
		cleanup_with(closedir) DIR *dir = path.failed ? NULL : opendir(path.data);

		if (dir)
			look(dir, wanted, &found);
	}
	if (found.n == 1 && found.name)
		buf_addf(&path, "/%s", found.name);
	free(found.name);
	if (found.n == 0)
		return err_set(err, ERR_INPUT, "no session \"%s\"; `seal sessions list --all` names them",
			       wanted);
	if (found.n > 1)
		return err_set(err, ERR_INPUT, "%u sessions begin with \"%s\"; give more of the name",
			       found.n, wanted);
	*ret_dir = buf_take(&path);
	return *ret_dir ? 0 : err_nomem(err);
}

int audit_find(const char *wanted, char **ret_dir, struct err *err)
{
	cleanup_buf struct buf log = BUF_INIT;

	buf_addf(&log, "%s/events.jsonl", wanted);
	if (!log.failed && access(log.data, F_OK) == 0) {
		*ret_dir = str_dup(str_of(wanted));
		return *ret_dir ? 0 : err_nomem(err);
	}
	if (strchr(wanted, '/'))
		return err_set(err, ERR_INPUT, "%s: no log in there", wanted);
	return find_by_id(wanted, ret_dir, err);
}

/* The public half beside seal's receipt key says which key is this machine's. */
static bool is_own_key(const char *fingerprint)
{
	cleanup_free char *config = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_buf struct buf line = BUF_INIT;
	char own[CRYPTO_FINGERPRINT_MAX];
	struct crypto_key key;
	struct err err;

	if (dirs_get(DIRS_CONFIG, &config, &err) < 0)
		return false;
	buf_addf(&path, "%s/keys/receipt.pub", config);
	if (path.failed || fd_read_file(AT_FDCWD, path.data, KEY_LINE_MAX, &line, &err) < 0 ||
	    crypto_key_read(str_trim(buf_str(&line)), &key, &err) < 0)
		return false;
	crypto_key_fingerprint(&key, own);
	return strcmp(own, fingerprint) == 0;
}

static int verify(const char *dir)
{
	struct audit_summary summary;
	struct err err;

	if (audit_summarize(dir, &summary, &err) < 0) {
		printf("log NOT verified: %s\n", err.text);
		return EXIT_FAILED;
	}
	printf("log verified: %llu calls", (unsigned long long)summary.n_calls);
	if (summary.n_unknown)
		printf(", %llu without an end", (unsigned long long)summary.n_unknown);
	if (summary.has_receipt)
		printf("\nreceipt of the first %llu records, signed by %s%s",
		       (unsigned long long)summary.receipt_records, summary.receipt_key,
		       is_own_key(summary.receipt_key) ? " (this machine's key)" :
							 " (not this machine's key)");
	printf("\nhead %s, %llu records, %llu denied, %llu asked\n", summary.head,
	       (unsigned long long)summary.n_records, (unsigned long long)summary.n_denied,
	       (unsigned long long)summary.n_asked);
	return EXIT_DONE;
}

/* false: it is no redacted log. */
static bool verify_redacted(const char *path, int *ret_exit)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct redacted redacted;
	struct err err;

	if (fd_read_file(AT_FDCWD, path, BUF_LIMIT, &text, &err) < 0 ||
	    !str_starts(buf_str(&text), STR(REDACT_MARK)))
		return false;
	*ret_exit = EXIT_FAILED;
	if (redact_verify(buf_str(&text), &redacted, &err) < 0) {
		printf("redacted log NOT verified: %s\n", err.text);
		return true;
	}
	printf("redacted log verified: %llu of %llu records as they were logged, the others by their hash\n",
	       (unsigned long long)redacted.n_whole, (unsigned long long)redacted.n_records);
	if (redacted.n_signed)
		printf("receipt of the first %llu records, signed by %s%s\n",
		       (unsigned long long)redacted.n_signed, redacted.key,
		       is_own_key(redacted.key) ? " (this machine's key)" : " (not this machine's key)");
	else
		printf("no receipt: nobody signed it\n");
	printf("head %s\n", redacted.head);
	*ret_exit = EXIT_DONE;
	return true;
}

static int read_filter(int argc, char **argv, struct audit_filter *filter)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "call", required_argument, NULL, 'c' },
		{ "outcome", required_argument, NULL, 'o' },
		{ "verdict", required_argument, NULL, 'v' },
		{ "about", required_argument, NULL, 'a' },
		{ "follow", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			filter->json = true;
		else if (option == 'c')
			filter->call = optarg;
		else if (option == 'o')
			filter->outcome = optarg;
		else if (option == 'v')
			filter->verdict = optarg;
		else if (option == 'a')
			filter->subject = optarg;
		else if (option == 'f')
			filter->follow = true;
		else
			return -1;
	}
	return argc - optind == 2 ? 0 : -1;
}

int cmd_audit(int argc, char **argv)
{
	struct audit_filter filter = { 0 };
	cleanup_free char *dir = NULL;
	int exit_code;
	struct err err;

	if (argc > 1 && (strcmp(argv[1], "report") == 0 || strcmp(argv[1], "export") == 0))
		return cmd_report(argc - 1, argv + 1);
	if (read_filter(argc, argv, &filter) < 0) {
		err_set(&err, ERR_INPUT,
			"audit: show, verify, report or export, and a session; see `seal help audit`");
		return cmd_fail(&err);
	}
	if (strcmp(argv[optind], "verify") == 0 && verify_redacted(argv[optind + 1], &exit_code))
		return exit_code;
	if (audit_find(argv[optind + 1], &dir, &err) < 0)
		return cmd_fail(&err);
	if (strcmp(argv[optind], "verify") == 0)
		return verify(dir);
	if (strcmp(argv[optind], "show") == 0)
		return audit_show(dir, &filter, &err) < 0 ? cmd_fail(&err) : EXIT_DONE;
	err_set(&err, ERR_INPUT, "audit: no \"%s\"; show, verify, report or export", argv[optind]);
	return cmd_fail(&err);
}

/* `seal replay S ...`: the session's folder instead of its name, the rest as it is. */
int cmd_replay(int argc, char **argv)
{
	cleanup_free char *dir = NULL;
	struct err err;

	if (argc < 2) {
		err_set(&err, ERR_INPUT, "replay: which session? see `seal sessions list`");
		return cmd_fail(&err);
	}
	if (audit_find(argv[1], &dir, &err) < 0)
		return cmd_fail(&err);
	argv[1] = dir;
	return cmd_exec_seald("replay", argc - 1, argv + 1);
}
