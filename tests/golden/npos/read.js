// Prints the dots of a captured ESC/POS stream as another project's parser (npos, MIT) finds them.
//   node read.js STREAM VERTICAL_UNITS_PER_DOT
// For each sheet up to a cut: width and height in dots (two little-endian 32-bit words), then packed rows.
// npos decides where a command ends, which bytes are an image and how large it is; rasters up to the 1024 dots that
// its codec allows are decoded by it too. What its grammar lacks (no dots in any of it) is added here by length.
"use strict";
const fs = require("fs");
const npos = require("npos");

const raw = fs.readFileSync(process.argv[2]);
const unitsPerDot = Number(process.argv[3]);
npos.rules[0x10]["\x14\x08"] = [7]; // DLE DC4 8, wipe the memory
npos.rules[0x1b].i = [0]; // ESC i, cut
npos.rules[0x1d].R = [1]; // GS R n, collect (Citizen)
npos.rules[0x1d].e = [(bytes, at) => (bytes[at] === 3 ? 2 : 1)]; // GS e n [m], ejector (Custom)
npos.rules[0x1d]["\xe0"] = [1]; // GS E0 hex, automatic status (Custom)
npos.rules[0x1d]["\xe2"] = [0]; // GS E2 and E3 hex, counters (Custom)
npos.rules[0x1d]["\xe3"] = [0];

const sheets = [];
let runs = []; // images of this sheet: {top, left, rows: arrays of 0 and 1}
let top = 0;
let left = 0; // within a line of columns

function feed(units) {
  top += units / unitsPerDot;
  left = 0;
}

function raster(node) {
  const bytes = raw.readUInt16LE(node.offset + 4);
  const height = raw.readUInt16LE(node.offset + 6);
  const rows = [];
  if (bytes * 8 <= 1024) {
    const image = npos.codecs.raster.decode(raw, [{ offset: node.offset }]);
    for (let y = 0; y < image.height; y++) {
      rows.push(Array.from({ length: image.width }, (_, x) => (image.getPixel(x, y) === 0 ? 1 : 0)));
    }
  } else {
    for (let y = 0; y < height; y++) {
      const at = node.offset + 8 + y * bytes;
      rows.push(Array.from({ length: bytes * 8 }, (_, x) => (raw[at + (x >> 3)] >> (7 - (x & 7))) & 1));
    }
  }
  runs.push({ top, left: 0, rows });
  top += height;
}

function columns(node) {
  const width = raw.readUInt16LE(node.offset + 3);
  const dot = (x, y) => (raw[node.offset + 5 + 3 * x + (y >> 3)] >> (7 - (y & 7))) & 1;
  const rows = Array.from({ length: 24 }, (_, y) => Array.from({ length: width }, (_, x) => dot(x, y)));
  runs.push({ top, left, rows });
  left += width;
}

let stored; // GS ( L and GS 8 L: function 112 stores, function 50 prints
function graphics(node, lengthBytes) {
  const at = node.offset + 2 + lengthBytes + 1;
  if (raw[at] === 0x30 && raw[at + 1] === 0x70) {
    const width = raw.readUInt16LE(at + 6);
    const height = raw.readUInt16LE(at + 8);
    const bytes = (width + 7) >> 3;
    const dot = (x, y) => (raw[at + 10 + y * bytes + (x >> 3)] >> (7 - (x & 7))) & 1;
    stored = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => dot(x, y)));
  } else {
    runs.push({ top, left: 0, rows: stored });
    top += stored.length;
  }
}

function cut() {
  const width = Math.max(...runs.map((run) => run.left + run.rows[0].length));
  const packed = Buffer.alloc((width >> 3) * top);
  for (const run of runs) {
    run.rows.forEach((row, y) =>
      row.forEach((dot, x) => {
        if (dot) packed[(run.top + y) * (width >> 3) + ((run.left + x) >> 3)] |= 0x80 >> ((run.left + x) & 7);
      }),
    );
  }
  const head = Buffer.alloc(8);
  head.writeUInt32LE(width, 0);
  head.writeUInt32LE(top, 4);
  sheets.push(head, packed);
  runs = [];
  top = 0;
}

const tree = npos.parser(npos.rules).analyze(raw);
if (tree.error) throw tree.error;
for (const node of tree.tree) {
  const name = node.ascii + (node.fn || "");
  if (name === "GSv0") raster(node);
  else if (name === "ESC*") columns(node);
  else if (name === "GS(L") graphics(node, 2);
  else if (name === "GS8L") graphics(node, 4);
  else if (name === "ESCJ") feed(raw[node.offset + 2]);
  else if ((name === "GSV" || name === "ESCi") && runs.length) cut();
  else if (name === "STX" && raw.subarray(node.offset, node.offset + node.length).some((byte) => byte)) {
    throw new Error(`stray bytes at ${node.offset}`);
  }
}
process.stdout.write(Buffer.concat(sheets));
