#!/bin/sh
# need.sh NAME...  makes sure that what the tests use is there: installs it when we are root on Debian, else names it and fails.
#   gcc postgres chromium cjk-font node xmllint openssl pdftoppm softhsm
set -eu

have() {
	case $1 in
	gcc) command -v gcc ;;
	postgres) ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || command -v initdb ;;
	chromium) command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome ;;
	cjk-font) command -v fc-list >/dev/null && fc-list ':lang=zh-cn' family | grep . ;;
	node) command -v node && command -v npm ;;
	xmllint) command -v xmllint ;;
	openssl) command -v openssl ;;
	softhsm) command -v softhsm2-util ;;
	pdftoppm) command -v pdftoppm ;;
	*) echo "need.sh: unknown need $1" >&2; exit 2 ;;
	esac >/dev/null 2>&1
}

package() {
	case $1 in
	gcc) echo gcc libc6-dev ;;
	postgres) echo postgresql ;;
	chromium) # the shell takes a third less of the processor; not every Debian has it
		if apt-cache show chromium-headless-shell >/dev/null 2>&1; then echo chromium-headless-shell; else echo chromium; fi ;;
	cjk-font) echo fonts-noto-cjk fontconfig ;;
	node) echo nodejs npm ;;
	xmllint) echo libxml2-utils ;;
	openssl) echo openssl ;;
	softhsm) echo softhsm2 ;;
	pdftoppm) echo poppler-utils ;;
	esac
}

packages() {
	missing=
	for need in "$@"; do
		have "$need" || missing="$missing $(package "$need")"
	done
}

packages "$@"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	packages "$@" # what this Debian has is known now
	echo "installing:$missing"
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
	for need in "$@"; do
		have "$need" || { echo "need.sh: $need is still missing after installing $(package "$need")" >&2; exit 1; }
	done
	exit 0
fi
echo "Missing Debian packages:$missing" >&2
echo "Install them (apt-get install$missing), then run this again." >&2
exit 1
