// An issuer of OpenID Connect with people who log in: oidc-provider from npm, with its own pages.
//
//   node provider.mjs NODE_MODULES CRT KEY AUDIENCE    serves on 127.0.0.1; "issuer URL" once it does
//
// Whoever types a name is that subject: it is a test's. The client "merlon" is a program of a user's machine, without a
// secret; its tokens are JSON Web Tokens for AUDIENCE alone.

import {readFileSync} from 'node:fs';
import {createServer} from 'node:https';
import {pathToFileURL} from 'node:url';

const [modules, certificate, key, audience] = process.argv.slice(2);
const library = (name, path) => import(pathToFileURL(`${modules}/${name}/${path}`));
const jose = await library('jose', 'dist/webapi/index.js');
const {Provider, errors} = await library('oidc-provider', 'lib/index.js');

const scope = ['users', 'repositories', 'tags'].map(each => `manage:drawbridge_${each}`).join(' ');
const {privateKey} = await jose.generateKeyPair('ES256', {extractable: true});

const configuration = {
  jwks: {keys: [{...await jose.exportJWK(privateKey), kid: 'es', alg: 'ES256', use: 'sig'}]},
  clients: [{
    client_id: 'merlon', application_type: 'native', token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'], redirect_uris: ['http://127.0.0.1/callback'], id_token_signed_response_alg: 'ES256',
  }],
  findAccount: (context, id) => ({accountId: id, claims: () => ({sub: id})}),
  features: {
    devInteractions: {enabled: true},
    deviceFlow: {enabled: true},
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (context, indicator) => {
        if (indicator !== audience) throw new errors.InvalidTarget();
        return {scope, audience, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: {sign: {alg: 'ES256'}}};
      },
    },
  },
};

const server = createServer({cert: readFileSync(certificate), key: readFileSync(key)});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const issuer = `https://localhost:${server.address().port}`;
server.on('request', new Provider(issuer, configuration).callback());
console.log(`issuer ${issuer}`);
