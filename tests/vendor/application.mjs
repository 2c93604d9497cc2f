// An application made of Sinch's Node SDK: it answers callbacks as their samples do, and places its
// requests for whoever POSTs {api, method, data} to /request. Prints its port.
import { createServer } from 'node:http';
import { SinchClient, Voice, VoiceCallbackWebhooks } from '@sinch/sdk-core';

const credentials = {
  applicationKey: process.env.SINCH_APPLICATION_KEY,
  applicationSecret: process.env.SINCH_APPLICATION_SECRET,
  logger: null,
};
const webhooks = new VoiceCallbackWebhooks(credentials);
const received = [];

const menu = {
  id: 'main',
  mainPrompt: '#tts[For sales press 1. Or enter four digits.]',
  repeats: 1,
  maxDigits: 4,
  options: [{ dtmf: '1', action: 'return(sales)' }],
};

const replies = {
  ice: () => new Voice.IceSvamletBuilder()
    .addInstruction(Voice.iceInstructionHelper.answer())
    .addInstruction(Voice.iceInstructionHelper.setCookie('step', 'menu'))
    .addInstruction(Voice.iceInstructionHelper.startRecording({
      destinationUrl: 's3://bucket/call.mp3', credentials: 'key:secret:eu-west-1',
    }))
    .addInstruction(Voice.iceInstructionHelper.say('Welcome.', 'en-US'))
    .setAction(Voice.iceActionHelper.runMenu({ locale: 'en-US', menus: [menu] }))
    .build(),
  pie: (event) => event.menuResult.value === 'sales'
    ? new Voice.PieSvamletBuilder()
      .setAction(Voice.pieActionHelper.connectPstn({ number: '+46850000001', amd: { enabled: true } }))
      .build()
    : new Voice.PieSvamletBuilder()
      .addInstruction(Voice.pieInstructionHelper.say('Goodbye.', 'en-US'))
      .setAction(Voice.pieActionHelper.hangup())
      .build(),
  ace: () => new Voice.AceSvamletBuilder().setAction(Voice.aceActionHelper.continue()).build(),
};

function callback(request, body) {
  const valid = webhooks.validateAuthenticationHeader(request.headers, body, request.url, 'POST');
  const event = webhooks.parseEvent(body);
  received.push({ valid, event });
  return valid ? [200, replies[event.event]?.(event)] : [401, undefined];
}

async function place({ base, api, method, data }) {
  const hosts = { voiceHostname: base, voiceApplicationManagementHostname: base };
  const { voice } = new SinchClient({ ...credentials, ...hosts });
  try {
    return { value: await voice[api][method](data) };
  } catch (error) {
    return { status: error.statusCode, error: JSON.parse(error.data) };
  }
}

async function answer(request, body) {
  switch (request.url) {
    case '/callbacks': return callback(request, body);
    case '/request': return [200, await place(JSON.parse(body))];
    case '/received': return [200, received.splice(0)];
    default: return [404, undefined];
  }
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const [status, reply] = await answer(request, Buffer.concat(parts).toString('utf8'));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(reply && JSON.stringify(reply));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
