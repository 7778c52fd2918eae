// Speaks the Webitel dialect's WebSocket with ws: first the functions, then the newer actions; prints what came.
'use strict';

const { Client, say } = require('./webitel_client');
const [, , port, key, token] = process.argv;

const STATUSES = [
    ['LOGIN', 'just here'],
    ['ONHOOK', undefined],
    ['ONBREAK lunch until two', undefined],
    ['OnTasks', 'letters'],
    ['DND', 'meeting'],
    ['CALLFORWARD', '3002'],
    ['CALLFORWARD', 'nowhere to be found'],
    ['VOICEMAIL', undefined],
    ['INCALL', undefined],
    ['NONREG', undefined],
    ['Wrap-Up', undefined],
    ['LUNCH', undefined],
    ['LOGOUT', undefined],
];

async function functions(client) {
    const refused = await client.exec('api whoami');
    say({ unknown: refused });
    say({ wrong: await client.exec('auth', { key, token: token + '0' }) });
    const auth = await client.exec('auth', { key, token });
    say({ auth: auth['exec-complete'], login: auth['exec-response'].login, ws: auth['exec-response']['ws-count'] });
    for (const event of ['ACCOUNT_STATUS', 'USER_STATE', 'CC_AGENT_STATUS', 'CC_AGENT_STATE']) {
        const answer = await client.exec('subscribe', { event });
        if (answer['exec-complete'] !== '+OK') say({ subscribe: answer });
    }
    say({ all: await client.exec('subscribe', { event: 'ACCOUNT_STATUS', all: true }) });
    for (const [value, description] of STATUSES) {
        const answer = await client.exec('api account change', { param: 'status', value, description });
        const { response: me } = (await client.exec('api whoami'))['exec-response'];
        say({
            set: value,
            answer: answer['exec-response'].response,
            state: me.state,
            status: me.status,
            description: me.description,
            fs: `${me['cc-agent-status']} / ${me['cc-agent-state']}`,
        });
    }
    for (const [func, args] of [
        ['cc login', {}],
        ['cc busy', {}],
        ['cc ready', {}],
        ['cc tier from user', {}],
        ['cc logout', {}],
        ['login', {}],
        ['logout', {}],
        ['hold', {}],
        ['transfer', { 'channel-uuid': '00000000-0000-0000-0000-000000000000', destination: '99' }],
        ['hangup', { 'channel-uuid': '00000000-0000-0000-0000-000000000000' }],
        ['call', { number: '99' }],
        ['show_channel', {}],
        ['api account remove', { user: '2001' }],
        ['fly', {}],
        ['ping', {}],
    ]) {
        const answer = await client.exec(func, args);
        say({ func, complete: answer['exec-complete'], response: answer['exec-response'].response });
    }
    // What the calls to come make of the agent.
    await client.exec('api account change', { param: 'status', value: 'AVAILABLE' });
    say({ ready: true });
}

async function actions(client) {
    say({ early: await client.act('cc_agent_online') });
    const hello = await client.act('authentication_challenge', { token });
    say({ hello: hello.status, login: hello.data.login });
    await client.act('cc_agent_subscribe_status');
    const seen = async (action, data) => {
        const { status, data: agent, error } = await client.act(action, data);
        const { status: is, state, status_comment } = agent ?? {};
        say({ action, status, is, state, status_comment, error: error?.detail });
    };
    await seen('cc_agent_session');
    await seen('cc_agent_offline');
    await seen('cc_agent_waiting', { channel: 'call' });
    await seen('cc_agent_pause', { payload: 'Lunch' });
    await seen('cc_agent_online', { on_demand: true });
    await seen('cc_agent_online', { on_demand: false });
    await seen('cc_agent_pause', { payload: 'Lunch', status_comment: 'soup' });
    await seen('cc_agent_pause', { payload: 'Sailing' });
    await seen('cc_agent_waiting', { channel: 'call' });
    await seen('cc_agent_online', { agent_id: 999999 });
    await seen('fly');
    say({ ping: (await client.act('ping')).data });
    // The greeting, and five changes of the agent.
    await client.heard(6);
    say({ done: true });
    process.exit(0);
}

new Client(port, functions);
process.stdin.once('data', () => new Client(port, actions));
