// Computes in llama.cpp what is asked for on standard input, one line of JSON each way:
//   {"model": path, "text": text, "ids": [tokens], "more": tokens}, answered with
//   {"tokens": [ids of the text], "scores": [log-probability of each token after the first], "last": [of every token after the last],
//    "greedy": [the most probable that follow]} or {"error": text}.
// node llama-cpp.mjs FOLDER, the one that holds node_modules
import {createInterface} from "node:readline";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";

const {getLlama} = await import(pathToFileURL(resolve(join(process.argv[2], "node_modules/node-llama-cpp/dist/index.js"))));
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 2});

async function compute(task) {
    const model = await llama.loadModel({modelPath: task.model, useMmap: true});
    // Nothing is rounded but what the weights' types make it round.
    const context = await model.createContext({
        contextSize: task.ids.length + task.more, batchSize: task.ids.length, threads: 2, flashAttention: false,
        experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
    });
    const sequence = context.getSequence();
    const results = await sequence.controlledEvaluate(task.ids.map(id => [id, {generateNext: {token: true, probabilities: true}}]));
    const scores = results.slice(0, -1).map((result, i) => Math.log(result.next.probabilities.get(task.ids[i + 1])));
    const {token, probabilities} = results.at(-1).next;
    const last = [...probabilities].sort((a, b) => a[0] - b[0]).map(pair => Math.log(pair[1]));
    const greedy = [token];
    while (greedy.length < task.more) {
        const [result] = await sequence.controlledEvaluate([[greedy.at(-1), {generateNext: {token: true}}]]);
        greedy.push(result.next.token);
    }
    const tokens = model.tokenize(task.text, false);
    await context.dispose();
    await model.dispose();
    return {tokens, scores, last, greedy};
}

for await (const line of createInterface({input: process.stdin})) {
    const answer = await compute(JSON.parse(line)).catch(error => ({error: String(error)}));
    console.log(JSON.stringify(answer));
}
process.exit(0);
