# SPDX-License-Identifier: BSL-1.0
# run_module.sh FOLDER LAUNCHER ACTOR-HOST MODULE: what the actor of the module answers.
set -eu
mkdir -p -m 700 "$1"
export XDG_RUNTIME_DIR=$1
command="$2 $3"
$command serve --name consumer 2>/dev/null &
manager=$!
trap 'kill $manager; wait $manager || true' EXIT
until $command ps >/dev/null 2>&1; do kill -0 $manager; done
$command run --module "$4" --actor Counter --name counter -- 10 >/dev/null
$command call counter add 5
