using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace LocalCloud;

/// <summary>Where Kestrel hands a connection over whose TLS handshake is done: to the region that the handshake was for.</summary>
internal sealed class MqttConnectionHandler : ConnectionHandler
{
    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate
            ?? throw new InvalidOperationException("A connection came through without a client certificate.");
        return connection.Features.GetRequiredFeature<PendingHandshake>().Region!.Broker.ServeAsync(connection, certificate);
    }
}
