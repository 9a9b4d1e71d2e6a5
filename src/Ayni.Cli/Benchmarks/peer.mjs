// Computes with llama.cpp what is asked for on standard input, one line of JSON each way:
//   {"prefill": tokens}, {"decode": tokens, "sequences": n, "depth": tokens} or {"clients": [tokens of each one's own], "system": tokens,
//   "answer": tokens, "sequences": n}, answered with {"seconds": s}.
// Token ids are arbitrary, and lower than IDS.
// node peer.mjs MODEL THREADS CONTEXT SEQUENCES IDS
import {createInterface} from "node:readline";
import {getLlama} from "node-llama-cpp";

const [modelPath, threads, context, sequences, idCount] = process.argv.slice(2).map((value, i) => i ? Number(value) : value);
const started = process.hrtime.bigint();
const since = start => Number(process.hrtime.bigint() - start) / 1e9;
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: threads});
const model = await llama.loadModel({modelPath, useMmap: true});
const loadSeconds = since(started);
const ids = (count, salt) => Array.from({length: count}, (_, i) => ((i + salt) * 7919 + 13) % idCount);
const contexts = new Map();

async function sequencesFor(count, length) {
    const shape = `${count} of ${length}`;
    if (!contexts.has(shape))
        contexts.set(shape, await model.createContext({contextSize: length, batchSize: 512, threads, sequences: count}));
    const made = contexts.get(shape);
    made.open ??= Array.from({length: count}, () => made.getSequence());
    for (const sequence of made.open)
        await sequence.clearHistory();
    return made.open;
}

// A decoded token with its logits: the output head is part of the work.
const step = (sequence, id) => sequence.controlledEvaluate([[id, {generateNext: {token: true}}]]);

// Clients take the sequences in turn. A sequence keeps the system prompt from one client to the next; the package shares none between sequences.
async function serve(task) {
    const most = task.system + Math.max(...task.clients) + task.answer + 16;
    const open = (await sequencesFor(task.sequences, most)).slice(0, task.sequences);
    const waiting = task.clients.map((own, client) => ({own, client}));
    const start = process.hrtime.bigint();
    await Promise.all(open.map(async sequence => {
        for (let request; (request = waiting.shift());) {
            if (sequence.nextTokenIndex === 0)
                await sequence.evaluateWithoutGeneratingNewTokens(ids(task.system, 0));
            else
                await sequence.eraseContextTokenRanges([{start: task.system, end: sequence.nextTokenIndex}]);
            const own = ids(request.own, request.client + 1);
            // The last token's logits give the answer's first token.
            await sequence.evaluateWithoutGeneratingNewTokens(own.slice(0, -1));
            await step(sequence, own.at(-1));
            for (const id of ids(task.answer - 1, request.client + 100))
                await step(sequence, id);
        }
    }));
    return since(start);
}

async function measure(task) {
    if (task.clients)
        return serve(task);
    if (task.prefill) {
        const [sequence] = await sequencesFor(1, context);
        const start = process.hrtime.bigint();
        await sequence.evaluateWithoutGeneratingNewTokens(ids(task.prefill, 0));
        return since(start);
    }
    const depth = Math.max(1, task.depth);
    const length = task.sequences === 1 ? context : Math.max(64, depth + task.decode + 16);
    const open = (await sequencesFor(task.sequences, length)).slice(0, task.sequences);
    for (const [i, sequence] of open.entries())
        await sequence.evaluateWithoutGeneratingNewTokens(ids(depth, i));
    const start = process.hrtime.bigint();
    for (const id of ids(task.decode, 5))
        await Promise.all(open.map((sequence, i) => step(sequence, (id + i * 17) % idCount)));
    return since(start);
}

console.log(JSON.stringify({release: llama.llamaCppRelease?.release, loadSeconds, sequences}));
for await (const line of createInterface({input: process.stdin}))
    console.log(JSON.stringify({seconds: await measure(JSON.parse(line)), peakMebibytes: Math.round(process.resourceUsage().maxRSS / 1024)}));
process.exit(0);
