/** A function that shows its clocks, or takes memory. */
exports.look = async () => ({ date: Date.now(), made: new Date().toISOString(), uptime: performance.now() })
const kept = []
exports.take = async ({ mebibytes }) => {
  kept.push(Buffer.alloc(mebibytes * 2 ** 20, 1))
  const { length } = kept.pop()
  return { length }
}
