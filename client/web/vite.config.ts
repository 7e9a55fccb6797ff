import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  plugins: [react()],
  resolve: { alias: { agentkeepalive: here('src/fhir/agent.ts') } },
  build: { outDir: here('../../dist/web'), emptyOutDir: true, target: 'es2023', reportCompressedSize: true },
})
