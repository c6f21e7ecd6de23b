// A stand-in of Azure Service Bus for senders, on the AMQP 1.0 library rhea. It
// listens on a free port of 127.0.0.1 and writes one line of JSON for each thing
// that happens: {"port":N} first, then {"message":…} for each message it keeps.
//
// It knows what the SDK needs to send: any token put to $cbs, and links to an
// entity and its $management. What an entity does is told by its name:
//   missing   there is no such entity
//   denied    the identity may not send to it
//   full      refuses every message for want of room
//   dropping  closes the connection on its first message, and takes the second
// every other takes each message of at most 256 KB, as the Standard tier does.
'use strict';
const rhea = require('rhea');

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

container.on('sender_open', ({ sender }) => {
  echo(sender);
  replies.set(sender.target.address, sender);
});

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
});

container.on('disconnected', () => {});
container.on('connection_error', () => {});

const server = container.listen({ port: 0, host: '127.0.0.1', receiver_options: { autoaccept: false } });
server.on('listening', () => say({ port: server.address().port }));
process.stdin.resume().on('end', () => process.exit()); // whoever started it is gone
