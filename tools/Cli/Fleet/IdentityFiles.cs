using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using VirtualDevice.Board;

namespace Cli.Fleet;

/// <summary>A device's certificate and key as PEM files for others, and as the firmware's identity in its flash: the one is made from the other where it is missing.</summary>
internal static class IdentityFiles
{
    /// <summary>Puts an identity that stands only in the two files into the flash.</summary>
    /// <param name="device">The device.</param>
    /// <param name="flash">Its flash.</param>
    /// <returns>Whether the flash holds an identity now.</returns>
    /// <exception cref="InvalidDataException">The files cannot be used; the message says what to do.</exception>
    public static bool Import(FleetDevice device, IStorage flash)
    {
        IdentityStore store = new(flash);
        DeviceIdentity? stored = store.Load();
        bool hasCertificate = File.Exists(device.CertificateFile), hasKey = File.Exists(device.KeyFile);
        if (stored is null && hasCertificate != hasKey)
        {
            (string there, string missing) = hasCertificate ? (device.CertificateFile, device.KeyFile) : (device.KeyFile, device.CertificateFile);
            throw new InvalidDataException($"{there} is there, but {missing} is not: put it back, or remove the other one too to have the device provisioned");
        }

        if (!hasCertificate || !hasKey)
        {
            return stored is not null;
        }

        DeviceIdentity filed = Read(device);
        if (stored is null || stored.CertificateId != filed.CertificateId)
        {
            if (store.Commit(filed) is { } problem)
            {
                throw new InvalidDataException(problem);
            }
        }

        return true;
    }

    /// <summary>Writes the two files, where they are not there as they should be.</summary>
    /// <param name="device">The device.</param>
    /// <param name="identity">Its identity.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public static void Export(FleetDevice device, DeviceIdentity identity)
    {
        DirectoryStorage folder = new(device.Folder);
        Write(folder, device.CertificateFile, identity.Certificate);
        Write(folder, device.KeyFile, identity.Key);
    }

    private static void Write(DirectoryStorage folder, string path, byte[] pem)
    {
        string name = Path.GetFileName(path);
        byte[] text = pem[..^1]; // without the zero byte that the board's TLS wants
        if (!text.AsSpan().SequenceEqual(folder.Read(name)))
        {
            folder.Write(name, text);
        }
    }

    private static DeviceIdentity Read(FleetDevice device)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(device.CertificateFile, device.KeyFile);
            return new DeviceIdentity
            {
                ThingName = device.ClientId,
                CertificateId = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)),
                Certificate = [.. File.ReadAllBytes(device.CertificateFile), 0],
                Key = [.. File.ReadAllBytes(device.KeyFile), 0],
                Configuration = [],
            };
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"{device.CertificateFile} and {device.KeyFile} are no certificate and its key ({e.Message}): remove both to have the device provisioned", e);
        }
    }
}
