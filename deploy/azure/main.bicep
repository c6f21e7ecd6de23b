// labelhook on Azure Functions, Flex Consumption plan: a function app that runs
// the custom handler, and all that it needs. Everything goes by the app's own
// managed identity; the storage account takes no keys at all.
//
// deploy.sh deploys it. By hand, with a parameter file for the secret:
//   az deployment group create --resource-group GROUP --template-file main.bicep --parameters @FILE

@description('The function app, and the first part of its URL: free in all of Azure.')
@minLength(2)
@maxLength(40)
param name string

@description('Where. It must have Flex Consumption: az functionapp list-flexconsumption-locations')
param location string = resourceGroup().location

@description('The secret that Labelbox signs with. Empty: keep the one in the key vault.')
@secure()
param webhookSecret string = ''

@description('A secret that is also accepted, for a rotation. Empty: none.')
@secure()
param previousSecret string = ''

@description('Let the app read the key vault itself (current and previous version, refreshed by age) instead of getting the secret as an app setting.')
param readVault bool = false

@description('LABELHOOK_DESTINATIONS. Empty: the container "deliveries" of the app\'s storage account.')
param destinations string = ''

@description('LABELHOOK_DEAD_LETTER. Empty: the container "dead-letters" of the app\'s storage account.')
param deadLetter string = ''

@description('LABELHOOK_OVERFLOW. Empty: the container "deliveries" of the app\'s storage account.')
param overflow string = ''

@description('LABELHOOK_EVENTS. Empty: all.')
param events string = ''

@description('LABELHOOK_MAX_BODY, bytes.')
@minValue(1)
param maxBody int = 10485760

@description('LABELHOOK_LOG_LEVEL.')
@allowed(['debug', 'info', 'warn', 'error'])
param logLevel string = 'info'

@description('Version of the runtime "custom": az functionapp list-flexconsumption-runtimes --location LOCATION --runtime custom')
param runtimeVersion string = '1.0'

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('The most instances at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are kept warm for HTTP, at a price.')
@minValue(0)
param alwaysReady int = 0

@description('A worker behind the receiver, with a queue of Service Bus of its own; see worker.bicep.')
param worker bool = false

@description('LABELHOOK_DESTINATIONS of the worker.')
param workerDestinations string = 'log:'

@description('Who is mailed about what the worker gave up on. Empty: nobody.')
param alarmEmail string = ''

var suffix = uniqueString(resourceGroup().id, name)
var tags = { labelhook: name }

// Azure's built-in roles
// (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles).
var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  storageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// ---- Storage: the host's own, the published package, and the deliveries ----

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'lh${suffix}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 14 }
    containerDeleteRetentionPolicy: { enabled: true, days: 14 }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'packages'
}

resource deliveries 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'deliveries'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'dead-letters'
}

// The host would make these two by itself, if it had a right on the whole account.
resource hostLocks 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'azure-webjobs-hosts'
}

resource hostKeys 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'azure-webjobs-secrets'
}

// ---- Key vault and secrets ----

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'lh${suffix}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: true
  }
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(webhookSecret)) {
  parent: vault
  name: 'labelbox-webhook-secret'
  properties: { value: webhookSecret }
}

resource secretBefore 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(previousSecret)) {
  parent: vault
  name: 'labelbox-webhook-secret-previous'
  properties: { value: previousSecret }
}

// ---- Logs ----

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

// ---- The app ----

// Publishing writes the package as an identity of the app's. It is not the one
// that deliveries are handled as, so that no destination can overwrite the program.
resource publisher 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}-publish'
  location: location
  tags: tags
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'SystemAssigned, UserAssigned'
    userAssignedIdentities: { '${publisher.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packages.name}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: publisher.id
          }
        }
      }
      runtime: {
        name: 'custom'
        version: runtimeVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        triggers: { http: { perInstanceConcurrency: instanceMemoryMB / 128 } } // what the memory holds of the largest bodies
        alwaysReady: alwaysReady == 0 ? [] : [{ name: 'http', instanceCount: alwaysReady }]
      }
    }
  }
}

// func publishes with the deployer's own sign-in; nobody else may by password.
resource noDeployPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
  dependsOn: [noDeployPassword] // Azure takes one at a time
}

// ---- What the identities may do ----

resource publish 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(packages.id, publisher.id, roles.storageBlobDataContributor)
  scope: packages
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
    principalId: publisher.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource keepDeliveries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deliveries.id, app.id, roles.storageBlobDataContributor)
  scope: deliveries
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource keepDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, app.id, roles.storageBlobDataContributor)
  scope: deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// The host's roles, as Azure's page on identity-based connections names them, but
// on its own containers only. It needs no queues for HTTP.
resource holdLocks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hostLocks.id, app.id, roles.storageBlobDataOwner)
  scope: hostLocks
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource holdKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hostKeys.id, app.id, roles.storageBlobDataOwner)
  scope: hostKeys
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// The host's diagnostic events; it makes a table for each month.
resource writeDiagnostics 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, app.id, roles.storageTableDataContributor)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource sendMessages 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (contains('${destinations} ${deadLetter}', 'azqueue://${storage.name}/')) {
  name: guid(storage.id, app.id, roles.storageQueueDataMessageSender)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageQueueDataMessageSender)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource readSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, app.id, roles.keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource writeLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, app.id, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// ---- Settings ----

// A key vault reference that cannot be resolved leaves its own text in the
// environment, so the settings come after the right to read the vault, and
// after what is in it.
var own = 'azblob://${storage.name}'
var fromReference = union(
  { LABELBOX_WEBHOOK_SECRET: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/labelbox-webhook-secret/)' },
  empty(previousSecret) ? {} : { LABELBOX_WEBHOOK_SECRET_PREVIOUS: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/labelbox-webhook-secret-previous/)' }
)
var fromVault = { LABELBOX_WEBHOOK_SECRET_ID: '${vault.properties.vaultUri}secrets/labelbox-webhook-secret' }

var secretSettings = readVault ? fromVault : fromReference
var overflowUrl = empty(overflow) ? '${own}/${deliveries.name}' : overflow

// With a worker deliveries go to its queue, besides what destinations names.
var ownDestination = worker ? 'servicebus://lh${suffix}/deliveries' : '${own}/${deliveries.name}'
var receiverDestinations = empty(destinations) ? ownDestination : worker ? '${ownDestination} ${destinations}' : destinations

module behind 'worker.bicep' = if (worker) {
  name: 'labelhook-worker-${name}'
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    receiver: app.identity.principalId
    storageName: storage.name
    vaultName: vault.name
    insightsName: insights.name
    secretSettings: secretSettings
    destinations: workerDestinations
    overflow: overflowUrl
    maxBody: maxBody
    logLevel: logLevel
    runtimeVersion: runtimeVersion
    instanceMemoryMB: instanceMemoryMB
    alarmEmail: alarmEmail
  }
  dependsOn: [
    deliveries
    hostLocks
    hostKeys
    secret
    secretBefore
  ]
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    {
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
      AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
      AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD'
      LABELHOOK_DESTINATIONS: receiverDestinations
      LABELHOOK_DEAD_LETTER: empty(deadLetter) ? '${own}/${deadLetters.name}' : deadLetter
      LABELHOOK_OVERFLOW: overflowUrl
      LABELHOOK_MAX_BODY: string(maxBody)
      LABELHOOK_LOG_LEVEL: logLevel
    },
    empty(events) ? {} : { LABELHOOK_EVENTS: events },
    secretSettings
  )
  dependsOn: [
    publish
    keepDeliveries
    keepDeadLetters
    holdLocks
    holdKeys
    writeDiagnostics
    sendMessages
    readSecrets
    writeLogs
    secret
    secretBefore
    noFtpPassword
    behind
  ]
}

output url string = 'https://${app.properties.defaultHostName}/api/labelbox'
output storageAccount string = storage.name
output keyVault string = vault.name
output principalId string = app.identity.principalId
