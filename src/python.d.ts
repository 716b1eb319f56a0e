/** Programs in Python that are carried along as text. */
declare module "*.py" {
  const text: string;
  export default text;
}
