// An issuer of OpenID Connect for tests: oidc-provider from npm, and a hand that forges what no issuer signs.
//
//   node oidc.mjs NODE_MODULES keys FILE ID            makes three signing keys: ID-rs, ID-es and ID-ed
//   node oidc.mjs NODE_MODULES serve FILE PORT CRT KEY serves with these keys, on 127.0.0.1; "issuer URL" once it does
//   node oidc.mjs NODE_MODULES sign FILE               {"header", "claims", "key"} lines in, a token out for each

import {createHmac} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:https';
import {createInterface} from 'node:readline';
import {pathToFileURL} from 'node:url';

const [modules, command, file, ...rest] = process.argv.slice(2);
const library = (name, path) => import(pathToFileURL(`${modules}/${name}/${path}`));
const jose = await library('jose', 'dist/webapi/index.js');

const algorithms = {rs: 'RS256', es: 'ES256', ed: 'EdDSA'};

async function makeKeys(id) {
  const keys = [];
  for (const [short, alg] of Object.entries(algorithms)) {
    const {privateKey} = await jose.generateKeyPair(alg, {extractable: true});
    keys.push({...await jose.exportJWK(privateKey), kid: `${id}-${short}`, alg, use: 'sig'});
  }
  writeFileSync(file, JSON.stringify({keys}));
}

function configuration(keys) {
  // A client for each algorithm, which is one tenant; its token is for whom it asks.
  const client = short => ({
    client_id: `tenant-${short}`, client_secret: 'of-the-test', grant_types: ['client_credentials'],
    redirect_uris: [], response_types: [],
  });
  return {
    jwks: keys,
    clients: Object.keys(algorithms).map(client),
    features: {
      devInteractions: {enabled: false},
      clientCredentials: {enabled: true},
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (context, indicator, client) => ({
          scope: 'keeps', audience: indicator, accessTokenFormat: 'jwt', accessTokenTTL: 300,
          jwt: {sign: {alg: algorithms[client.clientId.split('-')[1]]}},
        }),
      },
    },
  };
}

async function serve(port, certificate, key) {
  const {Provider} = await library('oidc-provider', 'lib/index.js');
  const server = createServer({cert: readFileSync(certificate), key: readFileSync(key)});
  await new Promise(resolve => server.listen(Number(port), '127.0.0.1', resolve));
  const issuer = `https://localhost:${server.address().port}`;
  const provider = new Provider(issuer, configuration(JSON.parse(readFileSync(file))));
  server.on('request', provider.callback());
  console.log(`issuer ${issuer}`);
}

const base64url = text => Buffer.from(text).toString('base64url');

/// With the key of that name; "none" has no signature, and "shared" takes the public key for a shared secret.
async function sign({header, claims, key}) {
  const {keys} = JSON.parse(readFileSync(file));
  const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  if (key === 'none') return `${text}.`;
  if (key === 'shared') {
    const {kty, n, e} = keys[0];
    const secret = await jose.exportSPKI(await jose.importJWK({kty, n, e}, 'RS256', {extractable: true}));
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  }
  const jwk = keys.find(each => each.kid === key);
  const {subtle} = globalThis.crypto;
  const parameters = {RS256: {name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256'}, ES256: {name: 'ECDSA', hash: 'SHA-256',
    namedCurve: 'P-256'}, EdDSA: {name: 'Ed25519'}}[jwk.alg];
  const {alg, use, kid, ...bare} = jwk;
  const imported = await subtle.importKey('jwk', bare, parameters, false, ['sign']);
  return `${text}.${Buffer.from(await subtle.sign(parameters, imported, Buffer.from(text))).toString('base64url')}`;
}

if (command === 'keys') {
  await makeKeys(rest[0]);
} else if (command === 'serve') {
  await serve(...rest);
} else {
  for await (const line of createInterface({input: process.stdin})) console.log(await sign(JSON.parse(line)));
}
