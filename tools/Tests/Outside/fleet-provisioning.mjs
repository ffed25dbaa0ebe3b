// Four clients of the AWS IoT device SDK for JavaScript v2 provision themselves at once, connect as their things and publish;
// one of them then publishes outside its policy. Two use the service client of the SDK's first generation, two that of its second.
// Where requests are given the certificates are for their keys, made by CreateCertificateFromCsr.
//
// node fleet-provisioning.mjs SETTINGS, where SETTINGS is a JSON object:
//   modules  the node_modules folder that holds aws-iot-device-sdk-v2
//   host, port, rootCa, claimCertificate, claimKey (paths), template, product, prefix (of the thing names)
//   requests  none, or for each client an object with request (a PKCS#10 request as PEM) and key (its private key)
//
// Standard output is one line of JSON: for each client what it was answered, and how its connections ended.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const settings = JSON.parse(process.argv[2]);
const require = createRequire(join(settings.modules, 'here.js'));
const { mqtt, iot, iotidentity } = require('aws-iot-device-sdk-v2');

const count = 4;
const rootCa = readFileSync(settings.rootCa, 'utf8');
const claim = { certificate: readFileSync(settings.claimCertificate, 'utf8'), key: readFileSync(settings.claimKey, 'utf8') };

/** A wait until all four have come here. */
function barrier() {
  let waiting = 0;
  let open;
  const opened = new Promise(resolve => { open = resolve; });
  return () => {
    if (++waiting === count) {
      open();
    }

    return opened;
  };
}

/** A promise that a time bounds, so that a silent server ends the script in a message. */
function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function connect(clientId, certificate, key) {
  const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(certificate, key)
    .with_certificate_authority(rootCa)
    .with_endpoint(settings.host)
    .with_port(settings.port)
    .with_client_id(clientId)
    .with_clean_session(true)
    .with_keep_alive_seconds(30)
    .build();
  const connection = new mqtt.MqttClient().new_connection(config);
  connection.on('error', () => {});
  await within(20, `${clientId} connects`, connection.connect());
  return connection;
}

/** The service client of the first generation: subscribes to the answers, publishes the request, waits. */
function firstGeneration(connection, own) {
  const client = new iotidentity.IotIdentityClient(connection);
  const qos = mqtt.QoS.AtLeastOnce;
  const operation = own ? 'CreateCertificateFromCsr' : 'CreateKeysAndCertificate';
  return {
    async prepare() {
      this.created = new Promise((resolve, reject) => {
        this.subscribed = Promise.all([
          client[`subscribeTo${operation}Accepted`]({}, qos, (error, answer) => error ? reject(error) : resolve(answer)),
          client[`subscribeTo${operation}Rejected`]({}, qos, (error, answer) => reject(error ?? new Error(JSON.stringify(answer)))),
        ]);
      });
      this.registered = new Promise((resolve, reject) => {
        this.subscribedToo = Promise.all([
          client.subscribeToRegisterThingAccepted({ templateName: settings.template }, qos, (error, answer) => error ? reject(error) : resolve(answer)),
          client.subscribeToRegisterThingRejected({ templateName: settings.template }, qos, (error, answer) => reject(error ?? new Error(JSON.stringify(answer)))),
        ]);
      });
      await within(20, 'SUBACK', Promise.all([this.subscribed, this.subscribedToo]));
    },
    async create() {
      await client[`publish${operation}`](own ? { certificateSigningRequest: own.request } : {}, qos);
      return await this.created;
    },
    async register(request) {
      await client.publishRegisterThing(request, qos);
      return await this.registered;
    },
    close() {},
  };
}

/** The service client of the second generation: each request is a promise. */
function secondGeneration(connection, own) {
  const client = iotidentity.IotIdentityClientv2.newFromMqtt311(connection, {
    maxRequestResponseSubscriptions: 4,
    maxStreamingSubscriptions: 2,
    operationTimeoutInSeconds: 30,
  });
  return {
    async prepare() {},
    create: () => own ? client.createCertificateFromCsr({ certificateSigningRequest: own.request }) : client.createKeysAndCertificate({}),
    register: request => client.registerThing(request),
    close: () => client.close(),
  };
}

const allReady = barrier();
const allCreated = barrier();
const allRegistered = barrier();

async function provision(index) {
  const thing = `${settings.prefix}${index}`;
  const own = settings.requests?.[index];
  const result = { thing, answers: { create: 0, register: 0 }, generation: index % 2 === 0 ? 1 : 2 };
  const claimed = await connect(`claim-${thing}`, claim.certificate, claim.key);
  const tokens = new Set();
  claimed.on('message', (topic, payload) => {
    const answer = JSON.parse(Buffer.from(payload).toString());
    if (answer.certificateOwnershipToken) {
      tokens.add(answer.certificateOwnershipToken);
    }

    result.answers[topic.includes('/provision/') ? 'register' : 'create']++;
  });
  const identity = (result.generation === 1 ? firstGeneration : secondGeneration)(claimed, own);
  await identity.prepare();
  await allReady();

  const created = await within(40, `${thing} asks for a certificate`, identity.create());
  result.certificateId = created.certificateId;
  await allCreated();
  const registered = await within(40, `${thing} registers`, identity.register({
    templateName: settings.template,
    certificateOwnershipToken: created.certificateOwnershipToken,
    parameters: { ThingName: thing },
  }));
  result.registeredAs = registered.thingName;
  await allRegistered();

  // Whatever would be misdirected has time to come.
  await pause(500);
  identity.close();
  await claimed.disconnect();
  result.tokens = tokens.size;

  const connection = await connect(registered.thingName, created.certificatePem, own?.key ?? created.privateKey);
  let interruptions = 0;
  let interrupted;
  const cut = new Promise(resolve => { interrupted = resolve; });
  connection.on('interrupt', () => { interruptions++; interrupted(); });
  await within(20, `${thing} publishes`, connection.publish(`dt/${settings.product}/outside/${thing}`, JSON.stringify({ CLIENT_ID: thing }), mqtt.QoS.AtLeastOnce));
  result.published = true;
  if (index === count - 1) {
    connection.publish('outside/policy', 'forbidden', mqtt.QoS.AtMostOnce).catch(() => {});
    await within(20, `${thing} loses its connection`, cut);
  } else {
    // The others stay connected while that one is cut.
    await pause(2000);
  }

  result.interruptions = interruptions;
  await within(20, `${thing} says goodbye`, connection.disconnect()).catch(error => { result.goodbye = error.message; });
  return result;
}

try {
  const results = await Promise.all(Array.from({ length: count }, (_, index) => provision(index)));
  console.log(JSON.stringify(results));
  process.exit(0);
} catch (error) {
  console.error(error?.stack ?? String(error), error?.serviceError ? JSON.stringify(error.serviceError) : '', error?.modeledError ? JSON.stringify(error.modeledError) : '');
  process.exit(1);
}
