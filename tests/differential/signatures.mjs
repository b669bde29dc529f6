// Reads from a valid binary module what JavaScript's API does not tell: the types of its exports.

export const valueTypes = new Map([
  [0x7f, 'i32'], [0x7e, 'i64'], [0x7d, 'f32'], [0x7c, 'f64'], [0x7b, 'v128'],
  [0x70, 'funcref'], [0x6f, 'externref'],
]);

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    if (this.at >= this.bytes.length) throw new Error('the module ends too early');
    return this.bytes[this.at++];
  }

  unsigned() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
  }

  take(size) {
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  name() {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  valueType() {
    const code = this.byte();
    const type = valueTypes.get(code);
    if (!type) throw new Error(`unknown value type 0x${code.toString(16)}`);
    return type;
  }

  vector(item) {
    return Array.from({ length: this.unsigned() }, () => item());
  }

  skipLimits() {
    const flags = this.byte();
    this.unsigned();
    if (flags & 1) this.unsigned();
  }
}

function readType(reader) {
  if (reader.byte() !== 0x60) throw new Error('a type that is not a function type');
  const parameters = reader.vector(() => reader.valueType());
  return { parameters, results: reader.vector(() => reader.valueType()) };
}

// Appends to the index spaces, as the import section comes first.
function readImport(reader, functions, globals) {
  reader.name();
  reader.name();
  const kind = reader.byte();
  if (kind === 0) functions.push(reader.unsigned());
  else if (kind === 1) reader.byte(), reader.skipLimits();
  else if (kind === 2) reader.skipLimits();
  else if (kind === 3) globals.push(reader.valueType()), reader.byte();
  else reader.byte(), reader.unsigned();
}

// Gives exports in the order of the export section:
// {name, kind, parameters, results} for functions, {name, kind, type} for globals.
export function exportsOf(bytes) {
  const reader = new Reader(bytes);
  reader.take(8);
  let types = [];
  const functions = [];
  const globals = [];
  let found = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    const section = new Reader(reader.take(size));
    if (id === 1) types = section.vector(() => readType(section));
    if (id === 2) section.vector(() => readImport(section, functions, globals));
    if (id === 3) functions.push(...section.vector(() => section.unsigned()));
    if (id === 6) readGlobals(section, globals);
    if (id === 7) {
      found = section.vector(() => ({
        name: section.name(), kind: section.byte(), index: section.unsigned(),
      }));
    }
  }
  return found.map((one) => {
    if (one.kind === 0) return { name: one.name, kind: 'function', ...types[functions[one.index]] };
    if (one.kind === 3) return { name: one.name, kind: 'global', type: globals[one.index] };
    return { name: one.name, kind: one.kind === 2 ? 'memory' : 'other' };
  });
}

// Steps over each initialiser: constants, global.get, ref.null, ref.func and integer arithmetic.
function readGlobals(section, globals) {
  const count = section.unsigned();
  for (let i = 0; i < count; ++i) {
    globals.push(section.valueType());
    section.byte();
    for (let opcode = section.byte(); opcode !== 0x0b; opcode = section.byte()) {
      if (opcode === 0x43) section.take(4);
      else if (opcode === 0x44) section.take(8);
      else if (opcode === 0xfd) section.unsigned(), section.take(16);
      else if ([0x41, 0x42, 0x23, 0xd0, 0xd2].includes(opcode)) section.unsigned();
    }
  }
}
