// The peer, @phala/dcap-qvl, over the same files: node peer.mjs VECTORS [milliseconds]
// Prints one line of JSON for each case: name, status or error, and how long one judgement takes.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const { verify } = await import(require.resolve('@phala/dcap-qvl'));

const vectors = process.argv[2];
const budget = Number(process.argv[3] ?? 1000);
const read = (name) => readFileSync(join(vectors, name));
const text = (name) => read(name).toString();
const hex = (name) => {
  const bytes = read(name);
  if (!bytes.subarray(0, 11).toString().startsWith('-----BEGIN')) return bytes.toString('hex');
  const body = bytes.toString().replace(/-----[^-]*-----/g, '').replace(/\s/g, '');
  return Buffer.from(body, 'base64').toString('hex');
};
const pem = (...names) => names.map((name) => {
  const body = read(name).toString('base64').replace(/(.{64})/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}).join('');

// The signed bytes are the object as it came.
function signed(name, member) {
  const document = text(name);
  const start = `{"${member}":`.length;
  const end = document.lastIndexOf(',"signature":"');
  return [document.slice(start, end), JSON.parse(document).signature];
}

function collateral({ root, pck, tcb, qe, tcbChain, pckChain }) {
  const [tcb_info, tcb_info_signature] = signed(tcb, 'tcbInfo');
  const [qe_identity, qe_identity_signature] = signed(qe, 'enclaveIdentity');
  return {
    pck_crl_issuer_chain: pckChain, root_ca_crl: hex(root), pck_crl: hex(pck),
    tcb_info_issuer_chain: tcbChain, tcb_info, tcb_info_signature,
    qe_identity_issuer_chain: tcbChain, qe_identity, qe_identity_signature,
  };
}

const automata = {
  root: 'automata/intel_root_ca_crl.der',
  tcbChain: pem('automata/signing.der', 'automata/root.der'),
  pckChain: pem('automata/platform.der', 'automata/root.der'),
};
const teepot = (name) => collateral({
  root: `teepot/${name}/root_ca_crl.crl`, pck: `teepot/${name}/pck_crl.crl`,
  tcb: `teepot/${name}/tcb_info.json`, qe: `teepot/${name}/qe_identity.json`,
  tcbChain: text(`teepot/${name}/tcb_info_issuer_chain.pem`),
  pckChain: text(`teepot/${name}/pck_crl_issuer_chain.pem`),
});
const cases = [
  ['phala-sgx', 'phala/sgx_quote.dat', () => JSON.parse(text('phala/sgx_quote_collateral.json')), '2025-06-20'],
  ['phala-tdx', 'phala/tdx_quote.dat', () => JSON.parse(text('phala/tdx_quote_collateral.json')), '2025-06-20'],
  ['phala-tdx-second-quote', 'phala/tdx_nocoll_1.dat', () => JSON.parse(text('phala/tdx_quote_collateral.json')), '2025-06-20'],
  ['phala-sgx-too-late', 'phala/sgx_quote.dat', () => JSON.parse(text('phala/sgx_quote_collateral.json')), '2025-07-20'],
  ['automata-tdx', 'automata/quote_tdx.dat', () => collateral({
    ...automata, pck: 'automata/pck_platform_crl.der', tcb: 'automata/tcb_info_v3_with_tdx_module.json',
    qe: 'automata/qe_identity.json' }), '2025-07-20'],
  ['automata-tdx-padded', 'automata/quote_tdx_padded_8000.bin', () => collateral({
    ...automata, pck: 'automata/pck_platform_crl.der', tcb: 'automata/tcb_info_v3_with_tdx_module.json',
    qe: 'automata/qe_identity.json' }), '2025-07-20'],
  ['automata-sgx', 'automata/quotev3.dat', () => collateral({
    ...automata, pck: 'automata/0825/platform_crl.der',
    tcb: 'automata/0825/sgx_tcbinfov3_00606a000000.json', qe: 'automata/0825/sgx_qeidentity_v4.json' }), '2025-08-20'],
  ['automata-sgx-second-quote', 'automata/quotev3_c.dat', () => collateral({
    ...automata, pck: 'automata/0825/platform_crl.der',
    tcb: 'automata/0825/sgx_tcbinfov3_00606a000000.json', qe: 'automata/0825/sgx_qeidentity_v4.json' }), '2025-08-20'],
  ['teepot-sw-hardening', 'teepot/sw_hardening/quote.dat', () => teepot('sw_hardening'), '2023-05-20'],
  ['teepot-azure', 'teepot/azure/quote.dat', () => teepot('azure'), '2023-05-20'],
  ['teepot-vault-proxy-debug', 'teepot/vault_proxy/quote.dat', () => teepot('vault_proxy'), '2023-06-25'],
  ['go-tdx-guest-4', 'go-tdx-guest/tdx_prod_quote_SPR_E4.dat', () => collateral({
    root: 'go-tdx-guest/rootcrl.der', pck: 'go-tdx-guest/pckcrl.der',
    tcb: 'go-tdx-guest/sample_tcbInfo_response.json', qe: 'go-tdx-guest/sample_qeIdentity_response.json',
    tcbChain: text('teepot/azure/tcb_info_issuer_chain.pem'), pckChain: pem('automata/platform.der', 'automata/root.der') }), '2023-07-01'],
];

function once(quote, given, now) {
  try {
    const result = verify(quote, given, now);
    return { status: result.status };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

for (const [name, file, given, day] of cases) {
  const now = Date.parse(`${day}T00:00:00Z`) / 1000;
  const quote = read(file);
  const all = given();
  const answer = once(quote, all, now);
  for (let i = 0; i < 10; ++i) once(quote, all, now);
  const times = [];
  for (const end = performance.now() + budget; performance.now() < end;) {
    const start = performance.now();
    once(quote, all, now);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ case: name, ...answer, ms: times[times.length >> 1] }));
}
