// The part of fonts.sh that needs a program: see there.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

// The sources by name and content: another content is another decision.
const sources = [
  {
    file: "@expo-google-fonts/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf",
    out: "NotoSerifSC-Regular.ttf",
    sha256: "c358a69de3df5f423a8946a7b03e3126fb6ba116f1130a463455b4e39e1f0742",
  },
  {
    file: "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    out: "NotoSansSC-Regular.ttf",
    sha256: "d45f67f0a7c0ca3f256950777ce6a61cc7ce5f9696d02900cbbaac25f8aa7d16",
  },
];

// What certificates write besides ideographs. The font has most of it, not all.
const ranges = [
  [0x20, 0x7e], [0xa0, 0xac], [0xae, 0xff], // ASCII, Latin-1 without the soft hyphen
  [0x100, 0x17f], [0x1cd, 0x1dc], // pinyin with tones, names in passports
  [0x2c7, 0x2c7], [0x2c9, 0x2cb], [0x2d9, 0x2d9],
  [0x391, 0x3a9], [0x3b1, 0x3c9], // Greek
  [0x410, 0x44f], [0x401, 0x401], [0x451, 0x451], // Cyrillic
  [0x2010, 0x2027], [0x2030, 0x205e], // — … † ‰ ′ ″ ※, without invisible controls
  [0x2070, 0x209c], [0x20a9, 0x20ac], // super- and subscripts, currencies
  [0x2100, 0x213b], [0x2150, 0x218b], // ℃ № ⅔ Ⅳ
  [0x2190, 0x2199], [0x21d2, 0x21d4], // arrows
  [0x2200, 0x22ff], // mathematics
  [0x2312, 0x2312],
  [0x2460, 0x24ff], // ① ⑴ ⒈ Ⓐ
  [0x2500, 0x257f], [0x2580, 0x25ef], [0x2605, 0x2606], [0x2609, 0x2609], [0x2610, 0x2612], [0x2640, 0x2642], [0x2713, 0x2718], [0x2776, 0x277f],
  [0x3000, 0x301f], // CJK punctuation, 〇
  [0x3105, 0x312f], // bopomofo
  [0x3220, 0x3229], [0x3231, 0x3243], [0x3251, 0x325f], [0x3280, 0x3289], [0x32a3, 0x32a3], [0x32b1, 0x32bf],
  [0x3358, 0x3370], [0x338e, 0x338f], [0x339c, 0x33a6], [0x33c4, 0x33c4], [0x33ce, 0x33d2], [0x33d5, 0x33d5], [0x33e0, 0x33fe],
  [0xfe10, 0xfe19], [0xfe30, 0xfe4f], // vertical punctuation
  [0xff01, 0xff5e], [0xffe0, 0xffe6], // full-width forms
];

function characters() {
  const table = fs.readFileSync(0, "utf8").split("\n").filter(Boolean).map((h) => parseInt(h, 16));
  const all = new Set(table);
  for (const [from, to] of ranges) for (let c = from; c <= to; c++) all.add(c);
  const sorted = [...all].sort((a, b) => a - b).map((c) => String.fromCodePoint(c));
  process.stdout.write(sorted.join("") + "\n");
}

function source(modules, s) {
  const data = fs.readFileSync(path.join(modules, s.file));
  const sum = createHash("sha256").update(data).digest("hex");
  if (sum !== s.sha256) throw new Error(`${s.file}: sha256 ${sum}, expected ${s.sha256}`);
  return data;
}

async function subset(modules, fonts) {
  const require = createRequire(path.resolve(modules, "x.js"));
  const subsetFont = require("subset-font");
  const text = fs.readFileSync(path.join(fonts, "characters.txt"), "utf8").replace(/\n$/, "");
  for (const s of sources) {
    const out = await subsetFont(source(modules, s), text, {
      targetFormat: "truetype",
      noHinting: true,
      keepFeatures: [],
      noLayoutClosure: true,
      preserveNameIds: [0, 1, 2, 3, 4, 5, 6, 13, 14],
      dropTables: ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "STAT", "DSIG", "gasp", "prep", "meta"],
    });
    fs.writeFileSync(path.join(fonts, s.out), out);
    console.error(`${s.out}: ${out.length} bytes`);
  }
}

function full(modules, dir) {
  fs.mkdirSync(dir, { recursive: true });
  for (const s of sources) {
    fs.writeFileSync(path.join(dir, s.out.replace("-Regular", "-Full")), source(modules, s));
  }
}

const [verb, ...args] = process.argv.slice(2);
await { characters, subset, full }[verb](...args);
