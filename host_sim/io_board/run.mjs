// Loads MicroPython with the board's program and the simulated chip; each line of standard input is one request (process.py).
import { readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [program, chip, digest, seed] = process.argv.slice(2);
const python = await loadMicroPython({ stdout: (line) => console.error(line) });
for (const [folder, at] of [[program, "/program"], [chip, "/chip"]]) {
  python.FS.mkdir(at);
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".py")))
    python.FS.writeFile(`${at}/${name}`, readFileSync(join(folder, name)));
}
python.FS.writeFile("/program/digest.py", `PROGRAM = bytes.fromhex("${digest}")\n`);
python.runPython("import sys; sys.path[:0] = ['/chip', '/program']; import run");
const board = python.pyimport("run").begin(Number(seed));

const piece = Buffer.alloc(65536);
let heard = "";
for (;;) {
  const size = readSync(0, piece);
  if (size === 0) break;
  heard += piece.toString("latin1", 0, size);
  const lines = heard.split("\n");
  heard = lines.pop();
  for (const line of lines) writeSync(1, board.advance(line) + "\n");
}
