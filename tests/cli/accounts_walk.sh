# SPDX-License-Identifier: Apache-2.0
# Of accounts.sh: what tokens of the store open, and do not any more.
# shellcheck shell=sh

if [ ! -e "$modules/api_key.so" ]; then
	skip 1 "what tokens of the store open (api_key is not built)"
fi
