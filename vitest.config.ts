import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Many tests start processes of their own, which would each strip the types of the same sources anew.
process.env.NODE_COMPILE_CACHE ??= `${import.meta.dirname}/node_modules/.cache/compile`

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/setup.ts',
    // A test that waits for a lease to run out leaves its core to another.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
