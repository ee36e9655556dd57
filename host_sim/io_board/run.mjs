// Loads MicroPython with the board's program and the simulated chip; each line of standard input is one request (process.py).
import { readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

async function loadBoard(program, chip, digest, ...seeds) {
  const python = await loadMicroPython({ stdout: (line) => console.error(line) });
  for (const [folder, at] of [[program, "/program"], [chip, "/chip"]]) {
    python.FS.mkdir(at);
    for (const name of readdirSync(folder).filter((one) => one.endsWith(".py")))
      python.FS.writeFile(`${at}/${name}`, readFileSync(join(folder, name)));
  }
  python.FS.writeFile("/program/digest.py", `PROGRAM = bytes.fromhex("${digest}")\n`);
  python.runPython("import sys; sys.path[:0] = ['/chip', '/program']; import run");
  return python.pyimport("run").begin(...seeds);
}

function answerEachLine(board) {
  const advance = board.advance; // once: each look at it makes an object that MicroPython keeps
  const piece = Buffer.alloc(65536);
  let heard = "";
  for (let size = readSync(0, piece); size > 0; size = readSync(0, piece)) {
    heard += piece.toString("latin1", 0, size);
    const lines = heard.split("\n");
    heard = lines.pop();
    for (const line of lines) writeSync(1, advance(line) + "\n");
  }
}

try {
  answerEachLine(await loadBoard(...process.argv.slice(2)));
} catch (error) {
  // Not the whole error: Node.js would print the library's one long line before it.
  writeSync(1, `${error.message.replaceAll(/\s*\n\s*/g, " | ")}\n`);
  process.exitCode = 1;
}
