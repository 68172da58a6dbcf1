#!/bin/sh
# fonts.sh: rebuild the fonts that documents are set in, from their npm packages.
#
#   scripts/fonts.sh                 write ofd/draw/fonts/*.ttf again and check their sums
#   scripts/fonts.sh characters      write ofd/draw/fonts/characters.txt again (needs Debian's unicode-data)
#   scripts/fonts.sh fonts-full DIR  put the full fonts (some 30,900 characters each) into DIR
#
# Needs node and npm. FONTS_NODE_MODULES names a node_modules directory that
# already holds the packages below, for machines without a registry.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fonts=$here/../ofd/draw/fonts
packages="@expo-google-fonts/noto-serif-sc@0.4.3 @expo-google-fonts/noto-sans-sc@0.4.3 subset-font@2.9.0"
verb=${1:-subset}

if [ "$verb" = characters ]; then
	{
		bzcat -f /usr/share/unicode/Unihan_OtherMappings.txt* | sed -n 's/^U+\([0-9A-F]*\)\tkTGH\t.*/\1/p'
	} | node "$here/fonts.mjs" characters >"$fonts/characters.txt"
	exit 0
fi

modules=${FONTS_NODE_MODULES:-}
if [ -z "$modules" ]; then
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	# shellcheck disable=SC2086
	(cd "$scratch" && npm install --silent --no-save --no-audit --no-fund --ignore-scripts $packages)
	modules=$scratch/node_modules
fi

case $verb in
subset)
	node "$here/fonts.mjs" subset "$modules" "$fonts"
	(cd "$fonts" && sha256sum -c SHA256SUMS)
	;;
full | fonts-full)
	node "$here/fonts.mjs" full "$modules" "${2:?fonts-full needs a directory}"
	;;
*)
	echo "fonts.sh: unknown verb $verb" >&2
	exit 2
	;;
esac
