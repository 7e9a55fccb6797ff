import { startEngines } from './engines.ts'
import { examine } from './exam.ts'

examine('the store on dynoxide and s3rver', startEngines)
