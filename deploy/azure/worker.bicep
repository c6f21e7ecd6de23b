// The worker behind the receiver: a queue of Service Bus with dead letters, a function
// app that takes from it, and an alarm. main.bicep deploys it where its parameter
// worker says so.

@description('The receiver\'s app. The worker is called NAME-worker.')
param name string

param location string
param tags object
param suffix string

@description('The identity of the receiver, which sends to the queue.')
param receiver string

@description('The storage account of the receiver, with the containers of main.bicep.')
param storageName string

param vaultName string
param insightsName string

@description('LABELBOX_WEBHOOK_SECRET… of the worker.')
param secretSettings object

@description('LABELHOOK_DESTINATIONS of the worker.')
param destinations string

@description('LABELHOOK_OVERFLOW, as the receiver has it.')
param overflow string

param maxBody int
param logLevel string
param runtimeVersion string
param instanceMemoryMB int

@description('Who is mailed by the alarm. Empty: nobody.')
param alarmEmail string

// Azure's built-in roles
// (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles).
var roles = {
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// ---- The queue ----

resource bus 'Microsoft.ServiceBus/namespaces@2022-10-01-preview' = {
  name: 'lh${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard' } // Basic has no sessions, and so no order
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2022-10-01-preview' = {
  parent: bus
  name: 'deliveries'
  properties: {
    requiresSession: true // a project's deliveries are taken in order
    maxDeliveryCount: 5
    lockDuration: 'PT5M'
    defaultMessageTimeToLive: 'P14D'
    deadLetteringOnMessageExpiration: true
  }
}

resource send 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, receiver, roles.serviceBusDataSender)
  scope: queue
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
    principalId: receiver
    principalType: 'ServicePrincipal'
  }
}

// ---- What there is already ----

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' existing = {
  parent: storage
  name: 'default'
}

resource deliveries 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: blobs
  name: 'deliveries'
}

resource hostLocks 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: blobs
  name: 'azure-webjobs-hosts'
}

resource hostKeys 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: blobs
  name: 'azure-webjobs-secrets'
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// ---- The app ----

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'worker-packages'
}

resource publisher 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}-worker-publish'
  location: location
  tags: tags
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}-worker' // a plan of this kind has one app
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: '${name}-worker'
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
        maximumInstanceCount: 40
      }
    }
  }
}

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

resource take 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, app.id, roles.serviceBusDataReceiver)
  scope: queue
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// Bodies that were too large for a message.
resource readDeliveries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deliveries.id, app.id, roles.storageBlobDataReader)
  scope: deliveries
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

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

resource writeDiagnostics 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, app.id, roles.storageTableDataContributor)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
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

// ---- Settings, after the right to read the vault (see main.bicep) ----

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    {
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
      AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
      AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
      ServiceBus__credential: 'managedidentity'
      ServiceBus__fullyQualifiedNamespace: split(split(bus.properties.serviceBusEndpoint, '//')[1], ':')[0]
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD'
      LABELHOOK_DESTINATIONS: destinations
      LABELHOOK_OVERFLOW: overflow
      LABELHOOK_MAX_BODY: string(maxBody)
      LABELHOOK_LOG_LEVEL: logLevel
    },
    secretSettings
  )
  dependsOn: [
    publish
    take
    readDeliveries
    holdLocks
    holdKeys
    writeDiagnostics
    readSecrets
    writeLogs
    noFtpPassword
  ]
}

// ---- Alarm ----

resource mails 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alarmEmail)) {
  name: 'ag-${name}-worker'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'labelhook'
    enabled: true
    emailReceivers: [{ name: 'mail', emailAddress: alarmEmail, useCommonAlertSchema: true }]
  }
}

resource deadLettersAlarm 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alarm-${name}-worker-dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'The worker gave up on deliveries: they are in the dead letters of the queue.'
    severity: 1
    enabled: true
    scopes: [bus.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dead letters'
          metricName: 'DeadletteredMessages'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: [queue.name] }]
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
        }
      ]
    }
    actions: empty(alarmEmail) ? [] : [{ actionGroupId: mails.id }]
  }
}

output url string = 'servicebus://${bus.name}/${queue.name}'
