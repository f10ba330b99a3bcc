/** A broker that says something, and is killed at once. */
for (const pid of [1, 2, 3]) process.send?.({ type: 'child', pid })
process.kill(process.pid, 'SIGKILL')
