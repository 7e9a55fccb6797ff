import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const stack = process.env.PILOTLIGHT_ORIGIN ?? 'http://localhost:3000'

export default defineConfig({
  root: here('.'),
  plugins: [react()],
  resolve: { alias: { agentkeepalive: here('src/fhir/agent.ts') } },
  server: { proxy: { '/fhir': stack, '/config.json': stack } },
  build: { outDir: here('../../dist/web'), emptyOutDir: true, target: 'es2023' },
})
