// Loads a model with llama.cpp, computes a prompt's tokens, generates one token and says so, with what Node.js itself took to start:
//   {"text": token's text, "tokens": prompt's tokens, "nodeSeconds": s}
// node peer-start.mjs MODEL THREADS PROMPT
import {getLlama} from "node-llama-cpp";

const nodeSeconds = performance.now() / 1000;
const [modelPath, threads, prompt] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: Number(threads)});
const model = await llama.loadModel({modelPath, useMmap: true});
const ids = model.tokenize(prompt);
if (model.tokens.bos != null)
    ids.unshift(model.tokens.bos);
const context = await model.createContext({contextSize: ids.length + 32, batchSize: 512, threads: Number(threads), sequences: 1});
for await (const token of context.getSequence().evaluate(ids, {temperature: 0})) {
    console.log(JSON.stringify({text: model.detokenize([token]), tokens: ids.length, nodeSeconds}));
    break;
}
process.exit(0);
