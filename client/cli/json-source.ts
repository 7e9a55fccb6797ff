// https://tc39.es/proposal-json-parse-with-source/ — Node 20 has none of it, and would lose the zeros of `1.00`.
import 'core-js/actual/json/parse.js'
import 'core-js/actual/json/raw-json.js'
