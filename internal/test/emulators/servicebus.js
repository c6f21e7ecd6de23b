// A stand-in of Azure Service Bus, on the AMQP 1.0 library rhea. It
// listens on a free port of 127.0.0.1 and writes one line of JSON for each thing
// that happens: {"port":N} first, then {"message":…} for each message it keeps.
//
// It knows what the SDK needs to send and receive: any token put to $cbs, and links to
// an entity and its $management. A receiver gets what was sent to the entity, in order
// and locked until it is settled or the link ends. What an entity does is told by its name:
//   missing   there is no such entity
//   denied    the identity may not send to it
//   full      refuses every message for want of room
//   dropping  closes the connection on its first message, and takes the second
//   sessions… hands out messages by session only, one receiver a session
// every other takes each message of at most 256 KB, as the Standard tier does.
'use strict';
const { randomBytes } = require('crypto');
const rhea = require('rhea');
const states = require('rhea/lib/message');

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const dropped = new Set();
const replies = new Map(); // by the address that the client chose for them

const container = rhea.create_container({ id: 'service-bus', sender_options: { autosettle: true } });
container.sasl_server_mechanisms.enable_anonymous();

// As Service Bus does, settle as the client asked to. rhea sends its half of an
// attach only after these handlers have run.
function echo(link) {
  link.local.attach.snd_settle_mode = link.remote.attach.snd_settle_mode;
  link.local.attach.rcv_settle_mode = link.remote.attach.rcv_settle_mode;
  link.set_source(link.source);
  link.set_target(link.target);
}

// held are an entity's messages that nobody has; locked are those of each link.
const entities = new Map();
const held = (entity) => entities.get(entity) || entities.set(entity, []).get(entity);
const receivers = new Map(); // links to entity and session, and what they hold
const sessionFilter = 'com.microsoft:session-filter';

container.on('sender_open', ({ sender }) => {
  const entity = sender.source.address;
  if (!entity || entity.endsWith('$cbs') || entity.endsWith('$management')) {
    echo(sender);
    replies.set(sender.target.address, sender);
    return;
  }
  sender.local.attach.snd_settle_mode = sender.remote.attach.snd_settle_mode;
  sender.local.attach.rcv_settle_mode = sender.remote.attach.rcv_settle_mode;
  const refuse = (condition, description) => {
    sender.set_source({ address: entity });
    return sender.close({ condition, description });
  };
  if (entity === 'missing') {
    return refuse('amqp:not-found', "The messaging entity 'missing' could not be found.");
  }
  if (entity === 'denied') {
    return refuse('amqp:unauthorized-access', "Unauthorized access. 'Listen' claim(s) are required to perform this operation.");
  }
  const filter = sender.source.filter;
  const bySession = filter && sessionFilter in filter;
  let session;
  if (entity.startsWith('sessions')) {
    if (!bySession) {
      return refuse('amqp:not-allowed', 'It is not possible for an entity that requires sessions to create a non-sessionful message receiver.');
    }
    const taken = new Set([...receivers.values()].filter((r) => r.entity === entity).map((r) => r.session));
    const next = held(entity).find((m) => !taken.has(m.message.group_id));
    if (!next) {
      return refuse('com.microsoft:timeout', 'The operation did not complete within the allotted time.');
    }
    session = next.message.group_id;
  }
  const source = { address: entity };
  if (bySession) source.filter = { [sessionFilter]: rhea.types.wrap_described(session, sessionFilter) };
  sender.set_source(source);
  sender.set_target({ address: 'receiver' });
  receivers.set(sender, { entity, session, locked: new Map() });
});

// hand gives a receiver as many messages as it has asked for.
function hand(link) {
  const receiver = receivers.get(link);
  if (!receiver) return;
  const messages = held(receiver.entity);
  for (let i = 0; link.sendable() && i < messages.length;) {
    if (receiver.session !== undefined && messages[i].message.group_id !== receiver.session) {
      i++;
      continue;
    }
    const [entry] = messages.splice(i, 1);
    const { message } = entry;
    message.delivery_count = entry.tries++;
    message.message_annotations = {
      'x-opt-locked-until': rhea.types.wrap_timestamp(Date.now() + 60000),
      'x-opt-sequence-number': rhea.types.wrap_long(entry.number),
      'x-opt-enqueued-time': rhea.types.wrap_timestamp(entry.arrived),
    };
    receiver.locked.set(link.send(message, randomBytes(16)), entry); // the tag is the lock's token
  }
}

// back puts a message where it was.
function back(entity, entry) {
  const messages = held(entity);
  const at = messages.findIndex((m) => m.number > entry.number);
  messages.splice(at < 0 ? messages.length : at, 0, entry);
}

const handAll = () => [...receivers.keys()].forEach(hand);
container.on('sendable', ({ sender }) => hand(sender));
for (const outcome of ['accepted', 'released', 'modified', 'rejected']) {
  container.on(outcome, ({ sender, delivery }) => {
    const receiver = receivers.get(sender);
    const entry = receiver && receiver.locked.get(delivery);
    if (!entry) return;
    receiver.locked.delete(delivery);
    delivery.update(true, states[outcome]({}).described()); // the receiver waits for it
    delivery.remote_settled = true;
    if (outcome !== 'accepted') back(receiver.entity, entry);
    handAll();
  });
}

function ended(sender) {
  const receiver = receivers.get(sender);
  if (!receiver) return;
  receivers.delete(sender);
  for (const entry of receiver.locked.values()) back(receiver.entity, entry);
  handAll();
}
container.on('sender_close', ({ sender }) => ended(sender));

let number = 0;

container.on('receiver_open', ({ receiver }) => {
  echo(receiver);
  receiver.local.attach.max_message_size = 256 * 1024;
  switch (receiver.target.address) {
    case 'missing':
      return receiver.close({ condition: 'amqp:not-found', description: "The messaging entity 'missing' could not be found." });
    case 'denied':
      return receiver.close({ condition: 'amqp:unauthorized-access', description: "Unauthorized access. 'Send' claim(s) are required to perform this operation." });
  }
});

container.on('message', ({ connection, receiver, message, delivery }) => {
  const entity = receiver.target.address;
  if (entity === '$cbs') {
    delivery.accept();
    const reply = replies.get(message.reply_to) || [...replies.values()].pop();
    return reply.send({ correlation_id: message.message_id, to: message.reply_to, application_properties: { 'status-code': rhea.types.wrap_int(202), 'status-description': 'Accepted' } });
  }
  if (entity === 'full') {
    return delivery.reject({ condition: 'amqp:resource-limit-exceeded', description: 'The queue is full.' });
  }
  if (entity === 'dropping' && !dropped.has(entity)) {
    dropped.add(entity);
    return connection.socket.destroy();
  }
  const data = [].concat(message.body && message.body.content !== undefined ? message.body.content : []);
  say({
    message: {
      entity,
      id: message.message_id,
      session: message.group_id,
      content_type: message.content_type,
      properties: message.application_properties,
      section: message.body && message.body.typecode,
      body: Buffer.concat(data.map((d) => Buffer.from(d))).toString('base64'),
    },
  });
  delivery.accept();
  number += 1;
  held(entity).push({ message, number, arrived: Date.now(), tries: 0 });
  handAll();
});

container.on('disconnected', ({ connection }) => {
  for (const sender of [...receivers.keys()]) if (sender.connection === connection) ended(sender);
});
container.on('connection_error', () => {});

const server = container.listen({ port: 0, host: '127.0.0.1', receiver_options: { autoaccept: false } });
server.on('listening', () => say({ port: server.address().port }));
process.stdin.resume().on('end', () => process.exit()); // whoever started it is gone
