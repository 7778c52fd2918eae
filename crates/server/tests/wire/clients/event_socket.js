// Logs in at the event socket with modesl, commands, listens, and prints what came, one JSON line for each thing.
'use strict';

const esl = require('modesl');
const [, , port, token, queue] = process.argv;
const say = (thing) => process.stdout.write(JSON.stringify(thing) + '\n');

const wrong = new esl.Connection('127.0.0.1', port, 'ClueCon');
wrong.on('error', () => {});
wrong.on('esl::event::auth::fail', (reply) => {
    say({ refused: reply.getHeader('Reply-Text') });
    begin();
});

function begin() {
    const connection = new esl.Connection('127.0.0.1', port, token, () => command(connection));
    connection.on('error', (error) => say({ error: String(error) }));
    connection.on('esl::end', () => process.exit(0));
}

function command(connection) {
    const agent = '2001@cordial.local';
    const commands = [
        'agent add ' + agent + ' callback',
        'agent add ' + agent + ' callback',
        'agent set contact ' + agent + ' user/' + agent,
        'agent get status ' + agent,
        'agent get state ' + agent,
        'tier add ' + queue + ' ' + agent + ' 1 1',
        'tier add ' + queue + ' ' + agent + ' 1 1',
        'tier list',
        "agent set status " + agent + " 'On Break'",
        'agent get status ' + agent,
        'agent get state ' + agent,
        "agent set status " + agent + " 'Lunch'",
        "agent set status nobody 'On Break'",
        "agent set status " + agent + " 'Available (On Demand)'",
        'agent get status ' + agent,
        'agent get state ' + agent,
        'queue count',
        'queue count agents ' + queue,
        'queue count agents ' + queue + " 'Available (On Demand)' Waiting",
        'queue count agents ' + queue + " 'On Break'",
        'queue count members ' + queue,
        'queue list members ' + queue,
        'queue load ' + queue,
        'queue load nowhere',
        'tier set level ' + queue + ' ' + agent + ' 7',
        'tier set position ' + queue + ' ' + agent + ' 3',
        'tier set level ' + queue + ' ' + agent + ' -1',
        'queue list tiers ' + queue,
        'agent',
    ];
    connection.on('esl::event::CUSTOM::**', (event) => {
        const headers = {};
        event.headers.forEach(({ name, value }) => { headers[name] = value; });
        say({ event: headers });
        if (headers['CC-Action'] === 'member-queue-end') last(connection);
    });
    connection.events('json', 'CUSTOM callcenter::info', (reply) => {
        say({ subscribed: reply.getHeader('Reply-Text') });
        run(connection, commands, () => say({ ready: true }));
    });
}

function run(connection, commands, then) {
    if (!commands.length) return then();
    const [next, ...rest] = commands;
    connection.api('callcenter_config', next, (answer) => {
        say({ command: next, answer: answer.getBody() });
        run(connection, rest, then);
    });
}

function last(connection) {
    connection.bgapi('callcenter_config', 'agent list', (event) => {
        say({ job: event.getBody() });
        connection.api('no_such_command', (answer) => {
            say({ unknown: answer.getBody() });
            connection.sendRecv('exit', (reply) => say({ bye: reply.getHeader('Reply-Text') }));
        });
    });
}
