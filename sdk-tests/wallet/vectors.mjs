// Writes what wallets give back for a sign-in: crates/ledger-hedera/tests/vectors/wallet.json.
// With --check it compares instead. Keys come from fixed seeds and are nobody's.
//
//   npm ci --ignore-scripts --legacy-peer-deps && node vectors.mjs --check

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { proto } from '@hiero-ledger/proto'
import { AccountId, Client, KeyList, LocalProvider, PrivateKey, Wallet } from '@hiero-ledger/sdk'
import { Wallet as EvmWallet } from 'ethers'
import {
  signatureMapToBase64String,
  signerSignaturesToSignatureMap,
  stringToSignerMessage,
} from './node_modules/@hashgraph/hedera-wallet-connect/dist/lib/shared/utils.js'

const FILE = new URL('../../crates/ledger-hedera/tests/vectors/wallet.json', import.meta.url)
const ACCOUNT = '0.0.1234'
const MANY = 16

const seed = (name) => createHash('sha256').update(`hashbuzz wallet vectors: ${name}`).digest()
const ed25519 = (name) => PrivateKey.fromBytesED25519(seed(name))
const ecdsa = (name) => PrivateKey.fromBytesECDSA(seed(name))
const hex = (bytes) => Buffer.from(bytes).toString('hex')

const text = (kind, name, chain) =>
  [
    `hashbuzz.example wants you to sign in with your ${kind} account:`,
    name,
    '',
    'Sign in to HashBuzz. This costs nothing and moves no money.',
    '',
    'URI: https://hashbuzz.example/sign-in',
    'Version: 1',
    `Chain ID: ${chain}`,
    'Nonce: k3Jd9sQ2mZ7v',
    'Issued At: 2026-09-01T12:00:00Z',
    'Expiration Time: 2026-09-01T12:05:00Z',
    'Request ID: 0198f6a2',
  ].join('\n')

const hedera = text('Hedera', ACCOUNT, 'hedera:mainnet')

// As a wallet does it: HIP820Wallet.hedera_signMessage of hedera-wallet-connect.
async function signatureMap(message, keys) {
  const provider = new LocalProvider({ client: Client.forNetwork({ '127.0.0.1:50211': '0.0.3' }) })
  const signatures = []
  for (const key of keys) {
    const wallet = new Wallet(AccountId.fromString(ACCOUNT), key, provider)
    signatures.push(...(await wallet.sign(stringToSignerMessage(message))))
  }
  return signatureMapToBase64String(signerSignaturesToSignatureMap(signatures))
}

const encoded = (key) => hex(proto.Key.encode(key._toProtobufKey()).finish())

// As the mirror node shows it.
const shown = (key) => {
  if (key instanceof KeyList) return { _type: 'ProtobufEncoded', key: encoded(key) }
  const kind = key.type === 'ED25519' ? 'ED25519' : 'ECDSA_SECP256K1'
  return { _type: kind, key: hex(key.toBytesRaw()) }
}

const vectors = []
const add = async (name, key, signers, message = hedera) => {
  vectors.push({
    name,
    key: shown(key),
    text: message,
    signature_map: await signatureMap(message, signers),
  })
}

for (let n = 0; n < MANY; n++) {
  await add(`ed25519 ${n}`, ed25519(`a${n}`).publicKey, [ed25519(`a${n}`)])
  await add(`ecdsa ${n}`, ecdsa(`b${n}`).publicKey, [ecdsa(`b${n}`)])
}
await add('empty text', ed25519('a').publicKey, [ed25519('a')], '')
const three = [ed25519('one'), ecdsa('two'), ed25519('three')]
const publics = three.map((key) => key.publicKey)
await add('all of a list', new KeyList(publics), three)
await add('two of three', new KeyList(publics, 2), three.slice(1))
const nested = new KeyList([publics[0], new KeyList(publics.slice(1), 1)])
await add('one, and one of two', nested, [three[0], three[2]])

for (let n = 0; n < MANY; n++) {
  const wallet = new EvmWallet(`0x${hex(seed(`c${n}`))}`)
  const key = PrivateKey.fromBytesECDSA(seed(`c${n}`)).publicKey
  const message = text('Ethereum', wallet.address, 295)
  vectors.push({
    name: `personal_sign ${n}`,
    key: shown(key),
    address: wallet.address,
    text: message,
    personal: await wallet.signMessage(message),
  })
}

const made = `${JSON.stringify(vectors, null, 1)}\n`
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== made) {
    console.error('wallet.json is not what these libraries give: run node vectors.mjs')
    process.exit(1)
  }
  console.log(`${vectors.length} vectors are what the libraries give`)
} else {
  writeFileSync(FILE, made)
  console.log(`${vectors.length} vectors written`)
}
process.exit(0)
