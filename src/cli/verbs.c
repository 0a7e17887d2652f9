/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of accounts, as main.c shows them. */
#include "cli/account.h"

#define SET (POL_OPT_PATH | POL_OPT_MODULES | POL_OPT_JSON | POL_OPT_SIZE)
#define ASKS (SET | POL_OPT_AS)
#define ANY 1000			/* words */

#define SHOW_TOKEN "[ID]", "what is known of a token, or of a key", \
    "By its id, or with --secret-file by itself: who has a token may look at it, whatever\n" \
    "its scopes. --json has the members of RFC 7662 and of integrate.ai's token_info.\n"
#define RENEW_TOKEN "ID", "a new secret for the same id", \
    "The old secret ends. Prints the new one, once, alone on standard output; what is to be\n" \
    "known of it goes to standard error.\n"
#define REVOKE_TOKEN "[ID]...", "end tokens at once", \
    "Those named, or with --user all that WHO has, or those of them that were issued before\n" \
    "--before.\n"
#define CREATE_HELP \
    "Of the caller, or of WHO. Prints the secret, once, alone on standard output; what is to\n" \
    "be known of it goes to standard error: under umask 077, redirecting it to a file\n" \
    "keeps it. Without --scopes it is all that its owner may do. It lives as long as\n" \
    "`tokens:` of the set says where --lifetime or --until do not, and never longer.\n"

const struct pol_verb pol_verbs[] = {
	{ "user add", pol_cmd_user_add, 1, 1, ASKS | POL_OPT_USER | POL_OPT_ADD | POL_OPT_NEW, 0,
	    "NAME", "make a user", "NAME, or TYPE:NAME. Without a password nobody logs in by one. Prints the user, with its uid.\n" },
	{ "user show", pol_cmd_user_show, 0, 1, ASKS, 0,
	    "[WHO]", "what is known of a user", "The caller, or WHO: NAME, TYPE:NAME or uid:UID.\n" },
	{ "user list", pol_cmd_user_list, 0, 0, ASKS, 0,
	    "", "the users that the caller may read", "With --json one object a line.\n" },
	{ "user change", pol_cmd_user_change, 1, 1, ASKS | POL_OPT_USER | POL_OPT_CHANGE, 0,
	    "WHO", "change what is known of a user", "What no option speaks of stays as it is.\n" },
	{ "user passwd", pol_cmd_user_passwd, 0, 1, ASKS | POL_OPT_NEW, 0,
	    "[WHO]", "set a password", "Of the caller, who says the old one too, or of WHO. Asks at the terminal, or takes from\n"
	    "standard input with --password-file - : a line each, --login's, the old one, the new one.\n" },
	{ "user delete", pol_cmd_user_delete, 1, 1, ASKS, 0,
	    "WHO", "delete a user, its grants and its tokens", "The name stays taken: user add --reuse gives it to another.\n" },
	{ "token create", pol_cmd_token_create, 0, 1, ASKS | POL_OPT_TOKEN | POL_OPT_LIFE, 0,
	    "[WHO]", "make a token", CREATE_HELP },
	{ "token show", pol_cmd_token_show, 0, 1, ASKS | POL_OPT_SECRET, POL_VERB_MAYBE, SHOW_TOKEN },
	{ "token inspect", pol_cmd_token_show, 0, 1, ASKS | POL_OPT_SECRET, POL_VERB_MAYBE | POL_VERB_ALIAS, SHOW_TOKEN },
	{ "token list", pol_cmd_token_list, 0, 1, ASKS | POL_OPT_KIND, 0,
	    "[WHO]", "tokens and keys", "Those that the caller may read, or those of WHO; with --kind those of one kind.\n" },
	{ "token renew", pol_cmd_token_renew, 1, 1, ASKS | POL_OPT_LIFE, 0, RENEW_TOKEN },
	{ "token revoke", pol_cmd_token_revoke, 0, ANY, ASKS | POL_OPT_REVOKE, 0, REVOKE_TOKEN },
	{ "key create", pol_cmd_key_create, 0, 1, ASKS | POL_OPT_TOKEN | POL_OPT_LIFE, 0,
	    "[WHO]", "make a key: a token of the kind api_key", CREATE_HELP },
	{ "key show", pol_cmd_token_show, 0, 1, ASKS | POL_OPT_SECRET, POL_VERB_MAYBE, SHOW_TOKEN },
	{ "key inspect", pol_cmd_token_show, 0, 1, ASKS | POL_OPT_SECRET, POL_VERB_MAYBE | POL_VERB_ALIAS, SHOW_TOKEN },
	{ "key list", pol_cmd_key_list, 0, 1, ASKS | POL_OPT_KIND, 0,
	    "[WHO]", "keys", "Those that the caller may read, or those of WHO: tokens of the kind api_key, or --kind.\n" },
	{ "key renew", pol_cmd_token_renew, 1, 1, ASKS | POL_OPT_LIFE, 0, RENEW_TOKEN },
	{ "key revoke", pol_cmd_token_revoke, 0, ANY, ASKS | POL_OPT_REVOKE, 0, REVOKE_TOKEN },
	{ "grant add", pol_cmd_grant_add, 2, 3, ASKS | POL_OPT_LIFE | POL_OPT_FROM, 0,
	    "WHO ROLE [TYPE[/GLOB]]", "give a user a role", "Everywhere, or on these things; from --from until --until, or for --lifetime. Nobody\n"
	    "gives what he does not hold.\n" },
	{ "grant remove", pol_cmd_grant_remove, 1, ANY, ASKS, 0,
	    "ID...", "take roles away", "By the ids that grant list shows.\n" },
	{ "grant list", pol_cmd_grant_list, 0, 1, ASKS, 0,
	    "[WHO]", "who has which role", "Those that the caller may read, or those of WHO.\n" },
	{ "login", pol_cmd_login, 1, 1, ASKS | POL_OPT_KIND | POL_OPT_LIFE, POL_VERB_BARE,
	    "NAME", "change a password for a token, and keep it",
	    "In $XDG_STATE_HOME/policy/token, ~/.local/state without it; every verb that asks in\n"
	    "somebody's name uses it where no other credential is given.\n" },
	{ "logout", pol_cmd_logout, 0, 0, SET | POL_OPT_AS, POL_VERB_BARE,
	    "", "revoke and forget the token that is kept", "It is forgotten also where it cannot be revoked; then the status is not 0.\n" },
	{ "import", pol_cmd_import, 2, 2, ASKS | POL_OPT_IMPORT | POL_OPT_LIFE | POL_OPT_KIND, POL_VERB_BARE,
	    "FORMAT FILE", "users and keys of another system",
	    "FORMAT is xinference (the JSON of --auth-config), torchserve (key_file.json), ai4flwr (a\n"
	    "token a line) or htpasswd. Users that are there already are left alone, so it may be\n"
	    "run again. Exit status: 0 all are there now, 1 some were refused.\n" },
	{ "admin init", pol_cmd_admin_init, 1, 2, SET | POL_OPT_USER | POL_OPT_NEW | POL_OPT_NO_NEW, POL_VERB_NOBODY,
	    "NAME [ROLE]", "make the first user, who may make others",
	    "Only while nobody has policy:escalate, which ROLE (admin) must confer. Asks for a\n"
	    "password at the terminal.\n" },
	{ "backup", pol_cmd_backup, 1, 1, ASKS, 0,
	    "PATH", "a whole copy of the store", "Of one moment, in a new file of the mode 0600, while all go on.\n" },
	{ NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL },
};
