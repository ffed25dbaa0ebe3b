using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace LocalCloud;

/// <summary>Where Kestrel hands a connection over whose TLS handshake is done.</summary>
internal sealed class MqttConnectionHandler : ConnectionHandler
{
    private readonly MqttBroker _broker;

    public MqttConnectionHandler(MqttBroker broker)
    {
        _broker = broker;
    }

    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate
            ?? throw new InvalidOperationException("A connection came through without a client certificate.");
        return _broker.ServeAsync(connection, certificate);
    }
}
