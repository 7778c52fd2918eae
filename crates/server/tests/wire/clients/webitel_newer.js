// Speaks the newer protocol with ws as an agent who takes a queue's call; prints what he is told.
'use strict';

const { Client, say } = require('./webitel_client');
const [, , port, token] = process.argv;

async function agent(client) {
    const act = async (action, data) => {
        const { status, data: answer, error } = await client.act(action, data);
        say({ action, status, answer, error: error?.detail });
        return answer;
    };
    await client.act('authentication_challenge', { token });
    const { agent_id } = (await client.act('cc_agent_session')).data;
    await act('subscribe_call');
    await act('cc_agent_tasks', { agent_id });
    await client.act('cc_agent_online', { agent_id });
    for (const [action, data] of [
        ['call_hangup', { id: '00000000-0000-0000-0000-000000000000' }],
        ['call_hangup', {}],
        ['call_blind_transfer', { id: '00000000-0000-0000-0000-000000000000', destination: '99' }],
        ['call_blind_transfer', { id: 'x' }],
        ['call_invite', { destination: '99' }],
        ['call_invite', {}],
        ['call_hold', { id: 'x' }],
        ['un_subscribe_users_status', {}],
        ['subscribe_chat', {}],
    ]) {
        await act(action, data);
    }
    say({ ready: true });
    process.stdin.once('data', async () => {
        await act('cc_agent_tasks', { agent_id });
        const { items } = await act('subscribe_call');
        await act('call_blind_transfer', { id: items[0].id, destination: '99' });
        await act('call_hangup', { id: items[0].id, app_id: items[0].app_id });
        say({ told: true });
    });
}

new Client(port, agent);
