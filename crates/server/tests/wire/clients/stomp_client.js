// Speaks STOMP 1.0, 1.1 and 1.2 over WebSocket with @stomp/stompjs (the WebSocket is that of ws, since this Node has none),
// and prints what came, one JSON line for each thing.
'use strict';

const { readFileSync } = require('node:fs');
const ws = require('ws');
const { Client, Versions } = require('@stomp/stompjs');
const [, , address, certificate, login, passcode, token] = process.argv;
const ca = readFileSync(certificate);
const say = (thing) => process.stdout.write(JSON.stringify(thing) + '\n');

// What comes, in its order; who waits gets it.
class Line {
    constructor() {
        this.come = [];
        this.waiting = [];
    }

    put(thing) {
        const next = this.waiting.shift();
        if (next) next(thing);
        else this.come.push(thing);
    }

    next() {
        return this.come.length ? Promise.resolve(this.come.shift()) : new Promise((next) => this.waiting.push(next));
    }
}

function opened(version, headers) {
    const line = new Line();
    const beats = new Line();
    const client = new Client({
        stompVersions: new Versions([version]),
        webSocketFactory: () => new ws.WebSocket(address, client.stompVersions.protocolVersions(), { ca }),
        connectHeaders: headers,
        heartbeatIncoming: 1000,
        heartbeatOutgoing: 1000,
        reconnectDelay: 0,
        debug: (text) => text.includes('PONG') && beats.put(true),
    });
    client.onConnect = (frame) => line.put({ version: frame.headers.version, protocol: client.webSocket.protocol });
    client.onStompError = (frame) => line.put({ refused: frame.headers.message });
    client.onDisconnect = () => line.put({ bye: true });
    client.activate();
    return { client, line, beats };
}

const receipt = (client, id) => new Promise((done) => client.watchForReceipt(id, () => done(id)));

async function visit(version) {
    const { client, line, beats } = opened(version, { login, passcode });
    say(await line.next());
    const topic = `/topic/js-${version}`;
    const hear = (message) => line.put(message);
    const subscribed = receipt(client, 'subscribed');
    const listening = client.subscribe(topic, hear, { receipt: 'subscribed' });
    await subscribed;
    const sent = receipt(client, 'sent');
    // stompjs escapes nothing in 1.1, although that has escapes: a backslash of its own would be a wrong one there.
    const odd = version === '1.1' ? 'a:b' : 'a:b\\z';
    const headers = { type: 'greeting', 'correlation-id': 'c-1', 'reply-to': '/queue/b', odd, receipt: 'sent' };
    client.publish({ destination: topic, body: 'Ação\nsecond line', headers });
    const message = await line.next();
    say({ version, receipt: await sent, body: message.body, headers: ['type', 'correlation-id', 'reply-to', 'odd'].map((name) => message.headers[name]) });
    client.publish({ destination: topic, binaryBody: new Uint8Array([0, 1, 0, 255]) });
    say({ version, bytes: [...(await line.next()).binaryBody] });

    const [kept, dropped] = [client.begin(), client.begin()];
    client.publish({ destination: topic, body: 'in the first', headers: { transaction: kept.id } });
    client.publish({ destination: topic, body: 'in the second', headers: { transaction: dropped.id } });
    client.publish({ destination: topic, body: 'in none' });
    dropped.abort();
    kept.commit();
    client.publish({ destination: topic, body: 'last' });
    say({ version, transaction: [(await line.next()).body, (await line.next()).body, (await line.next()).body] });
    listening.unsubscribe();

    for (const mode of version === '1.0' ? ['client'] : ['client', 'client-individual']) {
        const queue = `/queue/js-${version}-${mode}`;
        const first = client.subscribe(queue, hear, { ack: mode });
        for (const body of ['1', '2', '3']) client.publish({ destination: queue, body });
        const [, second, third] = [await line.next(), await line.next(), await line.next()];
        second.ack();
        if (mode === 'client-individual') third.nack();
        first.unsubscribe();
        client.publish({ destination: queue, body: 'end' });
        const again = client.subscribe(queue, hear);
        const back = [];
        for (let body = (await line.next()).body; body !== 'end'; body = (await line.next()).body) back.push(body);
        again.unsubscribe();
        say({ version, mode, back });
    }
    if (version !== '1.0') say({ version, beats: [await beats.next(), await beats.next(), await beats.next()] });
    client.deactivate();
    say({ version, ...(await line.next()) });
}

async function main() {
    for (const version of ['1.0', '1.1', '1.2']) await visit(version);
    const stranger = opened('1.2', { login, passcode: 'wrong' });
    say(await stranger.line.next());
    await stranger.client.deactivate();
    const bearer = opened('1.2', { passcode: token });
    say(await bearer.line.next());
    await bearer.client.deactivate();
    say({ done: true });
}

main();
