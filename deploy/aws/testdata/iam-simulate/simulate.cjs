// Reads from stdin a list of requests with the role's policy, and prints for each
// what IAM would say: Allowed, ImplicitlyDenied, ExplicitlyDenied or an error.
const { text } = require('node:stream/consumers')
const { createRequire } = require('node:module')
const { runSimulation } = createRequire(process.argv[2] + '/')('@cloud-copilot/iam-simulate')

// What a key's policy says unless somebody wrote another: ask the account's roles.
const keyPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::123456789012:root' }, Action: 'kms:*', Resource: '*' }],
}

text(process.stdin).then(async (input) => {
  const verdicts = []
  for (const { policy, action, resource, context } of JSON.parse(input)) {
    const result = await runSimulation({
      identityPolicies: [{ name: 'role', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: action.startsWith('kms:') ? keyPolicy : undefined,
      request: {
        action,
        principal: 'arn:aws:iam::123456789012:role/receiver',
        resource: { accountId: '123456789012', resource },
        contextVariables: context ?? {},
      },
    }, {})
    verdicts.push(result.overallResult ?? JSON.stringify(result.errors))
  }
  console.log(JSON.stringify(verdicts))
})
