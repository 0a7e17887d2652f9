# SPDX-License-Identifier: Apache-2.0
# Of accounts.sh: users and keys of other systems. What is refused is said with its line,
# nothing of it is taken, and a second time changes nothing.
# shellcheck shell=sh

cat >x.json <<'END'
{
  "auth_config": { "algorithm": "HS256", "secret_key": "00", "token_expire_in_minutes": 30 },
  "user_config": [
    { "username": "xuser1", "password": "secret1", "permissions": [ "admin" ],
      "api_keys": [ "sk-72tkvudyGLPMi", "sk-ZOTLIY4gt9w11" ] },
    { "username": "xuser2", "password": "secret2",
      "permissions": [ "models:list", "models:read" ],
      "api_keys": [ "sk-35tkasdyGLYMy", "xf-0123456789abcdef0123456789abcdef0123456789abcdef" ] },
    { "username": "xuser3", "permissions": [ "models:list" ], "api_keys": [ "sk-ALTbgl6ut981x",
      "sk-short" ] },
    { "username": "xuser4",
      "permissions": [ "models:fly" ] },
    { "username": "filed", "permissions": [] }
  ]
}
END
before=$(as_olga user list --json | wc -l)
exits 1 '' pc import xinference x.json --dry-run
has out 'xinference: 4 users and 4 keys to import, 0 there already, 1 refused'
same "import --dry-run: nobody new" "$before" "$(as_olga user list --json | wc -l)"
exits 1 'credentials are refused' pc import xinference x.json --token-file wrong
same "import by nobody: nobody new" "$before" "$(as_olga user list --json | wc -l)"
exits 1 'x.json:10: refused: xuser3: key 2 is none' as_olga import xinference x.json
has out 'xinference: 2 users and 4 keys imported, 1 there already, 2 refused'
has err 'x.json:11: refused: xuser4: ' 'x.json:13: left alone: '
same "import: those of the file" "$((before + 2))" "$(as_olga user list --json | wc -l)"
exits 66 "no user 'xuser3'" as_olga user show xuser3
as_olga import xinference x.json --json >out 2>err
has out '"users": 0, "keys": 0, "present": 3, "refused": 2' '{"line": 10, "why": "xuser3: ' '{"line": 11, "why": "xuser4: '
same "import again: nobody new" "$((before + 2))" "$(as_olga user list --json | wc -l)"
same "import: keys" 2 "$(as_olga key list xuser2 --json | wc -l)"
same "import: roles" 'models:list models:read ' "$(as_olga grant list xuser2 --json | sed 's/.*"role": "\([^"]*\)".*/\1/' | sort | tr '\n' ' ')"
yes as_olga user show xuser1
has out 'password    set'
same "import: no password and no key in the store" 0 "$(strings -n 6 store.db* 2>/dev/null | grep -cE 'secret1|sk-72tk|xf-0123')"
# files that are none: nothing of them is taken
for bad_file in '[1]' '{"user_config": {}}' '{' '{"user_config": [{"username": 1}]}' '{"user_config": [], "user_config": []}' \
    '{"user_config": [{"username": "new1"}, {"username": "new2", "permissions": "admin"}]}' \
    '{"user_config": [{"username": "new1", "api_keys": ["sk-AAAAAAAAAAAAA"]}, {"username": "new2", "api_keys": ["sk-AAAAAAAAAAAAA"]}]}'; do
	printf '%s' "$bad_file" >bad.json
	exits 65 'bad.json:' as_olga import xinference bad.json
done
exits 66 "no user 'new1'" as_olga user show new1
exits 66 'nowhere: error: No such file' as_olga import xinference nowhere
exits 66 'Invalid argument' as_olga import xinference /dev/null

printf '{\n"management": {"key": "s0rtOfOld", "expiration time": "2024-02-16T21:12:24Z"},\n"inference": {"key": "gNRuA7dS",
"expiration time": "2126-02-16T21:12:24.602688802Z"}, "API": {"key": "yv9uQajP"}\n}\n' >key_file.json
exits 1 'key_file.json:2: refused: management: the key has ended' as_olga import torchserve key_file.json
has out 'torchserve: 2 users and 2 keys imported, 0 there already, 1 refused'
same "import torchserve: kind" inference "$(as_olga token list key:inference --json | sed 's/.*"kind": "\([^"]*\)".*/\1/')"
printf '{"inference": {"key": "x", "expiration time": "soon"}}' >bad.json
exits 65 'bad.json:1: error: inference: a key and the time' as_olga import torchserve bad.json
exits 65 'management, inference and API' as_olga import torchserve x.json

printf 'token-of-site-one-0123456789\r\n\n  token-of-site-two-0123456789  \ntwo words-0123456789\nshort\n' >list
exits 1 'list:4: refused: a token of 8' as_olga import ai4flwr list --roles models:list --lifetime 7d
has out 'ai4flwr: 2 users and 2 keys imported, 0 there already, 2 refused'
has err 'list:5: refused'
printf 'token-of-site-two-0123456789\n' >list
exits 0 'list:1: left alone' as_olga import ai4flwr list
has out 'ai4flwr: 0 users and 0 keys imported, 1 there already, 0 refused'

# hashes of the methods that are taken, and some that are not
cat >people <<'END'
# people of a web server
hann:$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW
hsix:$6$saltsaltsalt$YQVdCPzSAk1s3pbNoXGg1QxzYzE0zCLHKnWyZ1eVwlhPcQ6iSNnZBk5.h3YEZyX3OWj9k1yA0zvVYPvR0gY9k1
hmd5:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/
hsha:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=
hlocked:!
hplain:secret
:$6$saltsaltsalt$x
hnone
hann:$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW
hlow:$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW
END
as_olga import htpasswd people --org web >out 2>err
same "import htpasswd: exit status" 1 $?
has out 'htpasswd: 2 users and 0 keys imported, 0 there already, 8 refused'
for line in 4 5 6 7 8 9 10 11; do
	has err "people:$line: refused: "
done
lacks "import tells a password" secret err
yes as_olga user show hann --json
has out '"org": "web"' '"has_password": true'

# many: in blocks
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "many%04d:$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n", i }' >many
yes as_olga import htpasswd many
has out 'htpasswd: 1000 users and 0 keys imported'
exits 0 'many:1000: left alone' as_olga import htpasswd many
has out '1000 there already'
