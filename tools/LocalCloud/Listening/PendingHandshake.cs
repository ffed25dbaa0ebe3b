using System.Net;
using Microsoft.AspNetCore.Connections;

namespace LocalCloud;

/// <summary>A TLS handshake that is not done, and how far it has come.</summary>
internal sealed class PendingHandshake
{
    private readonly ConnectionContext _connection;
    private string? _cut;

    public PendingHandshake(ConnectionContext connection)
    {
        _connection = connection;
        Gate = new HandshakeGate(connection.Transport.Output);
        Address = ClientConnection.AddressOf(connection.RemoteEndPoint) ?? IPAddress.None;
    }

    public HandshakeGate Gate { get; }

    /// <summary>The client's address, without its port.</summary>
    public IPAddress Address { get; }

    /// <summary>The region that it is for; null before its ClientHello has named a server, or where that leads to none.</summary>
    public CloudRegion? Region { get; set; }

    /// <summary>Whether a ClientHello came.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Whether the client's certificate is refused whatever it is, as a fault plan orders.</summary>
    public bool IsRefusedByOrder { get; set; }

    /// <summary>Whether it is known if the client may go on.</summary>
    public bool IsDecided { get; set; }

    /// <summary>Why it was ended from this side, or null.</summary>
    public string? WhyCut => _cut;

    /// <summary>Ends the connection, unless the handshake is decided. Only the first reason counts.</summary>
    /// <param name="why">The rest of a sentence, for the log.</param>
    public void Cut(string why)
    {
        if (!IsDecided && Interlocked.CompareExchange(ref _cut, why, null) is null)
        {
            _connection.Abort(new ConnectionAbortedException("The TLS handshake was not finished."));
        }
    }
}
