/** What programs log in to clouds with, where they keep it, and how they prove that they have it. */

export interface Credentials {
  /** A variable of the agent's environment; "" where it is not set. */
  variable(name: string): string;
  /** The text of a file; undefined where there is none. `~/` is the home of the agent's user. */
  file(path: string): string | undefined;
  /** The headers that sign a request to AWS, by version 4 of its signatures. */
  signAws(request: AwsRequest, keys: AwsKeys): Promise<Record<string, string>>;
  /** A JSON web token with these claims, signed by RS256. Throws `config` for what is not a key in PEM. */
  signToken(claims: object, key: string): string;
}

export interface AwsRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  readonly region: string;
}

export interface AwsKeys {
  readonly id: string;
  readonly secret: string;
  /** Of keys for a time; "" of others. */
  readonly token: string;
}
