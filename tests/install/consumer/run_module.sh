# SPDX-License-Identifier: BSL-1.0
# run_module.sh FOLDER MODULE ACTOR-HOST...: what the actor of the module answers. ACTOR-HOST: a command that starts it.
set -eu
mkdir -p -m 700 "$1"
export XDG_RUNTIME_DIR=$1
module=$2
shift 2
"$@" serve --name consumer 2>/dev/null &
manager=$!
trap 'kill $manager; wait $manager || true' EXIT
until "$@" ps >/dev/null 2>&1; do kill -0 $manager; done
"$@" run --module "$module" --actor Counter --name counter -- 10 >/dev/null
"$@" call counter add 5
