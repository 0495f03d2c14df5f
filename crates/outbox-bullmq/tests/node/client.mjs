// A BullMQ client as anybody would write one. It is told what to do in its arguments, finds Redis in
// REDIS_URL and the prefix in PREFIX, and prints one JSON document.
//
//   list QUEUE...             every job of these queues
//   add QUEUE NAME DATA       a job by hand; DATA is JSON
//   consume QUEUE             takes one job, as any worker would
import { Queue, Worker } from "bullmq";

const prefix = process.env.PREFIX;
const connection = { url: process.env.REDIS_URL, maxRetriesPerRequest: null };
const [act, ...args] = process.argv.slice(2);

const acts = {
  async list(...names) {
    const jobs = [];
    for (const name of names) {
      const queue = new Queue(name, { connection, prefix });
      for (const job of await queue.getJobs()) {
        const { id, data, delay } = job;
        jobs.push({ queue: name, name: job.name, id, state: await job.getState(), delay, data });
      }
      await queue.close();
    }
    return jobs;
  },

  async add(name, kind, data) {
    const queue = new Queue(name, { connection, prefix });
    const job = await queue.add(kind, JSON.parse(data));
    await queue.close();
    return { id: job.id };
  },

  async consume(name) {
    const worker = new Worker(name, null, { connection, prefix });
    const job = await worker.getNextJob("by-hand");
    await job.moveToCompleted("done", "by-hand", false);
    await worker.close();
    return { name: job.name, id: job.id, data: job.data };
  },
};

console.log(JSON.stringify(await acts[act](...args)));
