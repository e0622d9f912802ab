// The page imports uPlot by its address; its types are the package's.
declare module '*/uPlot.esm.js' {
  import uPlot from 'uplot';
  export default uPlot;
}
