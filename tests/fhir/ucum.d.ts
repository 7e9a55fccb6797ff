declare module '@lhncbc/ucum-lhc' {
  interface Utils {
    convertUnitTo(
      from: string,
      value: number,
      to: string,
    ): { status: 'succeeded' | 'failed' | 'error'; toVal: number | null; msg: string[] }
  }
  const library: { UcumLhcUtils: { getInstance(): Utils } }
  export default library
}
