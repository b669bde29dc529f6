// Writes the data files that the yosys package keeps as strings inside a JavaScript module into a
// directory, since a WASI program wants files: node unpack_yosys.mjs PACKAGE_DIR OUTPUT_DIR
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

function unpack(tree, directory) {
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(tree)) {
    if (name === '' || name === '.' || name === '..' || name.includes('/')) {
      throw new Error(`the package holds a file of the unsafe name ${JSON.stringify(name)}`);
    }
    const path = join(directory, name);
    if (content instanceof URL) copyFileSync(fileURLToPath(content), path);
    else if (typeof content === 'string') writeFileSync(path, content);
    else if (content instanceof Uint8Array) writeFileSync(path, content);
    else unpack(content, path);
  }
}

const [packageDirectory, outputDirectory] = process.argv.slice(2).map((path) => resolve(path));
const resources = pathToFileURL(join(packageDirectory, 'gen', 'resources-yosys.js'));
const { filesystem } = await import(resources);
unpack(filesystem.share, outputDirectory);
