export interface ErrorDetail {
  resource: string;
  field?: string;
  code: string;
  message?: string;
}

/** An answer that is an error, in GitHub's words; thrown by whoever notices. */
export class ApiError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 415 | 422;
  readonly errors: readonly ErrorDetail[];

  constructor(status: ApiError['status'], message: string, errors: readonly ErrorDetail[] = []) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.errors = errors;
  }
}

export function notFound(message = 'Not Found'): ApiError {
  return new ApiError(404, message);
}

export function validationFailed(...errors: ErrorDetail[]): ApiError {
  return new ApiError(422, 'Validation Failed', errors);
}
