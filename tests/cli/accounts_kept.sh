# SPDX-License-Identifier: Apache-2.0
# Of accounts.sh: the token that is kept, and what is typed at a terminal.
# shellcheck shell=sh

# --- the kept token: used where it is safe, refused where others could read or change it ---
mkdir -p state/policy && chmod 700 state state/policy
cp olga state/policy/token && chmod 600 state/policy/token
yes pc user show
same "user show: the caller" olga "$(head -n 1 out)"
chmod 640 state/policy/token
exits 77 'a file of yours with the mode 0600 is wanted' pc user show
chmod 600 state/policy/token && chmod 770 state/policy
exits 77 'a directory of yours is wanted' pc user show
chmod 700 state/policy && mv state/policy/token state/elsewhere && ln -s ../elsewhere state/policy/token
exits 77 'state/policy/token' pc user show
rm state/policy/token && mkfifo state/policy/token && chmod 600 state/policy/token
exits 77 'a file of yours' pc user show
rm state/policy/token
printf 'two\nlines\n' >state/policy/token && chmod 600 state/policy/token
exits 65 'no token stands in it' pc user show
rm state/policy/token && mkdir home && HOME=$here/home
exits 66 'nobody is logged in' env -u XDG_STATE_HOME HOME="$here/home" "$POLICYCTL" user show -p set.yaml --module-dir "$modules"
mkdir -p home/.local/state/policy && chmod -R 700 home && cp olga home/.local/state/policy/token
yes env -u XDG_STATE_HOME HOME="$here/home" "$POLICYCTL" user show -p set.yaml --module-dir "$modules"
# another's file, another's directory
if [ "$(id -u)" = 0 ]; then
	cp olga state/policy/token && chmod 600 state/policy/token && chown 12345 state/policy/token
	exits 77 'a file of yours' pc user show
	chown 0 state/policy/token && chown 12345 state/policy
	exits 77 'a directory of yours' pc user show
	chown 0 state/policy && rm state/policy/token
else
	skip 4 "another's file (not root)"
fi
exits 1 'nobody is logged in' pc logout

# --- a terminal ---
if command -v python3 >/dev/null 2>&1; then
	t() { # ANSWER... -- WORD...
		python3 "$cli/typist.py" "$@" >typed 2>&1
	}
	t secret-one-1 secret-one-1 -- "$POLICYCTL" user add typed -p set.yaml --module-dir "$modules" --token-file olga --ask-password
	has typed 'New password: [quiet]' 'New password, again: [quiet]' 'password    set' 'echo on' 'status 0'
	lacks "a password that was typed is shown" secret-one typed
	t secret-one-1 secret-two-2 -- "$POLICYCTL" user add typed2 -p set.yaml --module-dir "$modules" --token-file olga --ask-password
	has typed 'the two are not the same' 'echo on' 'status 65'
	t '^C' -- "$POLICYCTL" user add typed2 -p set.yaml --module-dir "$modules" --token-file olga --ask-password
	has typed '[quiet]' 'echo on' 'status -2'
	t wrong-pass -- "$POLICYCTL" user list -p set.yaml --module-dir "$modules" --login olga
	has typed 'Password: [quiet]' 'status 1'
	lacks "a password that was typed is shown" wrong-pass typed
	exits 66 "there is no user 'typed2'" as_olga user show typed2
	# lists on a terminal keep to its width, ids whole
	python3 - "$POLICYCTL" "$modules" >wide <<'END'
import fcntl, os, pty, struct, subprocess, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 76, 0, 0))
p = subprocess.Popen([sys.argv[1], "user", "list", "-p", "set.yaml", "--module-dir", sys.argv[2], "--token-file", "olga"],
                     stdout=slave, env=dict(os.environ, NO_COLOR="1"))
p.wait()
print(os.read(master, 65536).decode().replace("\r\n", "\n"), end="")
END
	same "a list is no wider than its terminal" '' "$(awk 'length($0) > 76' wide)"
	same "a list without colours" 0 "$(grep -c "$(printf '\033')" wide)"
	has wide "$uid" '...'
else
	skip 17 "a terminal (no python3)"
fi
# no terminal at all
if command -v setsid >/dev/null 2>&1; then
	exits 64 'there is no terminal to ask at' setsid -w "$POLICYCTL" user list -p set.yaml --module-dir "$modules" --login olga
else
	skip 2 "no terminal (no setsid)"
fi
# several lines of standard input, each a secret of its own
printf 'wrong\nnew password of demo\n' | pc user passwd demo-user --login olga --password-stdin --password-file - >out 2>err
same "a wrong password of the caller: exit status" 1 $?
printf 'a\0b\n' | as_olga user add zero --password-file - >out 2>err
same "a NUL in a password: exit status" 65 $?
exits 65 'the password is empty' sh -c "echo | '$POLICYCTL' user add zero -p set.yaml --module-dir '$modules' --token-file olga --password-file -"
